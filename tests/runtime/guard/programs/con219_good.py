import asyncio


async def contended():
    lock = asyncio.Lock()

    async def take():
        async with lock:
            await asyncio.sleep(0)

    await asyncio.gather(take(), take())


asyncio.run(contended())
asyncio.run(contended())
