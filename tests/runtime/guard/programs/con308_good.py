import threading
from concurrent.futures import ThreadPoolExecutor


def work():
    pass


def made():
    return work


thread = threading.Thread(target=made())
thread.start()
thread.join()
with ThreadPoolExecutor(1) as pool:
    pool.submit(work)
