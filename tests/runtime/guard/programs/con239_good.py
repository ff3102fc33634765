# python: 3.11
import asyncio
import io


async def use(file):
    await asyncio.sleep(0)
    return file.read(1)


async def main():
    with io.StringIO("x") as file:
        async with asyncio.TaskGroup() as group:
            group.create_task(use(file))
            group.create_task(use(file))


asyncio.run(main())
