import asyncio
import threading


async def work():
    pass


async def main():
    await (await asyncio.to_thread(work))


asyncio.run(main())
thread = threading.Thread(target=lambda: asyncio.run(work()))
thread.start()
thread.join()
