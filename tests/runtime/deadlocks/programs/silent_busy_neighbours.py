"""Threads that burn the processor beside others that hand work to each other."""

import queue
import threading
import time

stop = time.monotonic() + 1.0


def burn() -> None:
    while time.monotonic() < stop:
        sum(range(2000))


jobs: "queue.Queue[int | None]" = queue.Queue(maxsize=2)


def consume() -> None:
    while jobs.get() is not None:
        pass


threads = [threading.Thread(target=burn) for _ in range(3)] + [threading.Thread(target=consume)]
for thread in threads:
    thread.start()
for number in range(200):
    jobs.put(number)
jobs.put(None)
for thread in threads:
    thread.join()
