import asyncio
import threading


async def main():
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.call_soon_threadsafe(ready.set))
    thread.start()
    await ready.wait()
    await loop.run_in_executor(None, thread.join)


asyncio.run(main())
