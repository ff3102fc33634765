import asyncio


async def work():
    pass


async def main():
    await asyncio.wait([asyncio.create_task(work())])


asyncio.run(main())
