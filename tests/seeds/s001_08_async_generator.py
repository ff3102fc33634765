"""An async generator, stepped by hand and by a loop."""

import asyncio


async def ticks():
    for number in range(6):
        await asyncio.sleep(0.3)
        yield number


async def listen():
    clock = ticks()
    coming = anext(clock)
    first = await coming
    print(first)
    async for tick in ticks():
        print(tick)


asyncio.run(listen())
