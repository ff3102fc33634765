import asyncio


async def work():
    pass


async def main():
    later = work()  # CON201
    await asyncio.sleep(0)


asyncio.run(main())
