import asyncio


async def work():
    pass


async def main():
    work()  # CON201


asyncio.run(main())
