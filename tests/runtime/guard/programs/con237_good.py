import asyncio


async def work():
    pass


async def main():
    await work()
    await asyncio.create_task(work())


asyncio.run(main())
