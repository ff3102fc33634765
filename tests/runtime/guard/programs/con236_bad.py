# python: 3.11
import asyncio


async def work():
    await asyncio.sleep(0.01)


async def main():
    async with asyncio.TaskGroup() as group:  # CON236
        group.create_task(work())


asyncio.run(main())
