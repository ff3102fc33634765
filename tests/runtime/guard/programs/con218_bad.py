import asyncio
import threading


async def main():
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    waiting = asyncio.create_task(ready.wait())
    await asyncio.sleep(0)
    thread = threading.Thread(target=lambda: ready.set())  # CON218
    thread.start()
    await loop.run_in_executor(None, thread.join)
    await waiting


asyncio.run(main())
