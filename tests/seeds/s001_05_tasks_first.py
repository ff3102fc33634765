"""The text's first cure, indented as it is meant: both tasks exist before the first is awaited."""

import asyncio
import time


async def announce(seconds, train):
    await asyncio.sleep(seconds)
    print(train)


async def board():
    coast = asyncio.create_task(announce(3, "to the coast"))
    hills = asyncio.create_task(announce(4, "to the hills"))
    print(f"open at {time.strftime('%X')}")
    await coast
    await hills
    print(f"shut at {time.strftime('%X')}")


asyncio.run(board())
