"""A group that cancels the others where one fails; its tasks need no await of their own."""

import asyncio


async def taste(name):
    await asyncio.sleep(0.1)
    return len(name)


async def main():
    async with asyncio.TaskGroup() as group:
        rye = group.create_task(taste("rye"))
        group.create_task(taste("oat"))
    print(rye.result())


asyncio.run(main())
