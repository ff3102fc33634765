# python: 3.11
import asyncio


async def items():
    for number in range(2):
        async with asyncio.timeout(5):
            await asyncio.sleep(0)
        yield number


async def main():
    async for _ in items():
        break
    await asyncio.sleep(0)


asyncio.run(main())
