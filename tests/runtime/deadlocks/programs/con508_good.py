import queue
import threading

jobs: "queue.Queue[int]" = queue.Queue()
jobs.put(1)
both = threading.Barrier(2)


def drain() -> None:
    both.wait()
    while True:
        try:
            jobs.get_nowait()
        except queue.Empty:
            return


threads = [threading.Thread(target=drain) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
