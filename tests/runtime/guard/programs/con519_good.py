import queue
import threading

jobs = queue.Queue()


def work():
    while True:
        jobs.get()


threading.Thread(target=work, daemon=True).start()
jobs.put(1)
