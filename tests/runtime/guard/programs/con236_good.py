# python: 3.11
import asyncio


async def work(group=None):
    await asyncio.sleep(0.01)
    if group is not None:
        group.create_task(work())


async def main():
    for names in ([], ["a"]):
        async with asyncio.TaskGroup() as group:
            for _ in names:
                group.create_task(work())
    async with asyncio.TaskGroup() as group:
        group.create_task(work(group))
    async with asyncio.TaskGroup() as group:
        group.create_task(work())
        await work()


asyncio.run(main())
