import asyncio


async def items():
    yield 1


async def main():
    async for _ in items():
        pass
    async with asyncio.Lock():
        pass


asyncio.run(main())
