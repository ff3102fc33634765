import asyncio
import queue
import threading
from concurrent.futures import ThreadPoolExecutor


async def main():
    gate = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(gate.wait)
        threading.Timer(0.02, gate.set).start()
        job.result()  # CON105
    box = queue.Queue()
    thread = threading.Timer(0.02, box.put, ("x",))
    thread.start()
    box.get()  # CON105
    thread.join()


asyncio.run(main())
