import concurrent.futures
import threading

gate = threading.Event()
pool = concurrent.futures.ThreadPoolExecutor(1)
job = pool.submit(gate.wait)
try:
    job.result(timeout=0.01)
except concurrent.futures.TimeoutError:
    pass
pool.shutdown(wait=False)
gate.set()
