import asyncio


async def limited(lock):
    async with lock:
        await asyncio.sleep(0)


async def main():
    lock = asyncio.Semaphore(1)
    await asyncio.gather(limited(lock), limited(lock))


asyncio.run(main())
