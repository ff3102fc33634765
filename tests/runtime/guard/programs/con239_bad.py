# python: 3.11
import asyncio


async def use(file):
    await asyncio.sleep(0)
    return file.read(1)  # CON239


async def main():
    async with asyncio.TaskGroup() as group:
        with open(__file__) as file:
            group.create_task(use(file))  # CON239


asyncio.run(main())
