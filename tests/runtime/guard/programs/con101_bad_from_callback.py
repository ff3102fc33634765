import asyncio
from time import sleep


async def main():
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    loop.call_soon(lambda: (sleep(0.01), done.set()))  # CON101
    await done.wait()


asyncio.run(main())
