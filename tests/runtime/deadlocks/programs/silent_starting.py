"""Threads that are being started, one after another, while others wait for them."""

import threading

threads = []
go = threading.Event()


def run(ready: threading.Event) -> None:
    ready.set()
    go.wait()


for _ in range(200):
    ready = threading.Event()
    threads.append(threading.Thread(target=run, args=(ready,)))
    threads[-1].start()
    ready.wait()
go.set()
for thread in threads:
    thread.join()
