import threading
from concurrent.futures import ThreadPoolExecutor

gate = threading.Event()


def submit_all(pool):
    pool.submit(gate.wait)
    return [pool.submit(lambda number=number: number) for number in range(3)]


with ThreadPoolExecutor(1) as pool:
    jobs = submit_all(pool)
    gate.set()
    print([job.result() for job in jobs])
