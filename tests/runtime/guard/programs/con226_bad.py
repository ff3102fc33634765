import asyncio


async def items():
    yield 1


async def main():
    for _ in items():  # CON226
        pass


asyncio.run(main())
