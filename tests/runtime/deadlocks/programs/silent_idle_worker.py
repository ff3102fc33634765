"""Idle workers of a pool, while the program waits for something that takes a while."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

with ThreadPoolExecutor(4) as pool:
    assert sum(pool.map(abs, range(-10, 0))) == 55
    done = threading.Event()

    def later() -> None:
        time.sleep(0.6)
        done.set()

    thread = threading.Thread(target=later)
    thread.start()
    done.wait()
    thread.join()
    assert pool.submit(abs, -1).result() == 1
