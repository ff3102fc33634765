import threading
from concurrent.futures import ThreadPoolExecutor

lock = threading.Lock()


def job() -> None:
    with lock:
        pass


with ThreadPoolExecutor() as pool:
    with lock:
        future = pool.submit(job)
    future.result()
