# python: 3.11
import asyncio


async def fail():
    raise ValueError


async def slow():
    await asyncio.Event().wait()


async def main():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            group.create_task(slow())
    except BaseExceptionGroup:
        pass


asyncio.run(main())
