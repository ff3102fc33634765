"""Two waits that need nothing of each other, one after the other."""

import asyncio
import time


async def announce(seconds, train):
    await asyncio.sleep(seconds)
    print(train)


async def board():
    print(f"open at {time.strftime('%X')}")
    await announce(3, "to the coast")
    await announce(4, "to the hills")
    print(f"shut at {time.strftime('%X')}")


asyncio.run(board())
