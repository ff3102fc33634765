import asyncio

table = {1: 1}


async def grow():
    table[2] = 2


async def main():
    task = asyncio.create_task(grow())
    for _ in table:  # CON215
        await asyncio.sleep(0)
    await task


asyncio.run(main())
