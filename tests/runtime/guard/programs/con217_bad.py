import asyncio


async def limited():
    async with asyncio.Semaphore(1):  # CON217
        await asyncio.sleep(0.01)


async def locked():
    lock = asyncio.Lock()  # CON217
    async with lock:
        await asyncio.sleep(0.01)


async def main():
    await asyncio.gather(limited(), limited(), locked(), locked())


asyncio.run(main())
