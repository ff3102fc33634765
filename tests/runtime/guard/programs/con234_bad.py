# python: 3.11
import asyncio


async def work():
    await asyncio.sleep(0.01)


async def find():
    for _ in range(3):
        async with asyncio.TaskGroup() as group:
            group.create_task(work())
            return 1  # CON234


asyncio.run(find())
