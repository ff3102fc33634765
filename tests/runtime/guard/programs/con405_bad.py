import threading
from multiprocessing.pool import ThreadPool

gate = threading.Event()
with ThreadPool(1) as pool:
    pool.apply_async(gate.wait, (1,))  # CON405
gate.set()
