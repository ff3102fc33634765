# python: 3.10
import asyncio

lock = asyncio.Lock()


async def contended():
    async def take():
        async with lock:  # CON219
            await asyncio.sleep(0)

    await asyncio.gather(take(), take())


asyncio.run(contended())
asyncio.run(contended())
