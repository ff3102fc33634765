import threading
from concurrent.futures import ThreadPoolExecutor, as_completed

gate = threading.Event()


def last():
    gate.wait()
    return "last"


with ThreadPoolExecutor(2) as pool:
    jobs = [pool.submit(last), pool.submit(int)]
    for name, job in zip(["last", "first"], as_completed(jobs)):  # CON313
        gate.set()
        print(name, job.result())
