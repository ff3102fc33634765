"""A flag that two coroutines share: one waits, the other sets it."""

import asyncio


async def customer(opened):
    await opened.wait()
    print("first in the shop")


async def baker(opened):
    await asyncio.sleep(0.1)
    opened.set()


async def main():
    opened = asyncio.Event()
    await asyncio.gather(customer(opened), baker(opened))


asyncio.run(main())
