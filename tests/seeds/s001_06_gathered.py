"""The text's second cure, indented as it is meant."""

import asyncio
import time


async def announce(seconds, train):
    await asyncio.sleep(seconds)
    print(train)


async def board():
    print(f"open at {time.strftime('%X')}")
    await asyncio.gather(
        announce(3, "to the coast"),
        announce(4, "to the hills"),
    )
    print(f"shut at {time.strftime('%X')}")


asyncio.run(board())
