import threading
from concurrent.futures import ThreadPoolExecutor

lock = threading.Lock()


def job() -> None:
    with lock:  # CON303
        pass


with ThreadPoolExecutor() as pool, lock:  # CON303
    pool.submit(job).result()  # CON303
