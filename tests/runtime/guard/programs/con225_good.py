import asyncio


async def work():
    pass


async def main():
    task = asyncio.create_task(work())
    await task
    await task


asyncio.run(main())
