import asyncio
import queue
import threading
from concurrent.futures import ThreadPoolExecutor


async def main():
    loop = asyncio.get_running_loop()
    box = queue.Queue()
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(box.put, "x")
        await asyncio.wrap_future(job)
        assert job.result() is None
    assert box.get() == "x"
    gate = threading.Event()
    gate.set()
    assert gate.wait()
    await loop.run_in_executor(None, gate.wait)


asyncio.run(main())
