# python: 3.11
import asyncio


async def work():
    await asyncio.sleep(0.01)


async def find():
    async with asyncio.TaskGroup() as group:
        group.create_task(work())
        group.create_task(work())
    return 1


asyncio.run(find())
