import asyncio
import time


async def main():
    await asyncio.sleep(0.01)
    await asyncio.to_thread(time.sleep, 0.15)
    time.sleep(0)


time.sleep(0.01)
asyncio.run(main())
