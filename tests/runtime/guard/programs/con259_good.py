# python: 3.11
import asyncio


async def work():
    raise OSError(28, "disk full")


async def main():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(work())
            group.create_task(work())
    except* OSError as error:
        print([one.errno for one in error.exceptions])


asyncio.run(main())
