import concurrent.futures
import threading

gate = threading.Event()
with concurrent.futures.ThreadPoolExecutor(1) as pool:
    job = pool.submit(gate.wait)
    threading.Timer(0.1, gate.set).start()
    try:
        job.result(timeout=0.01)  # CON316
    except concurrent.futures.TimeoutError:
        pass
