import asyncio


async def work():
    pass


async def main():
    later = work()
    await later
    closed = work()
    closed.close()


asyncio.run(main())
