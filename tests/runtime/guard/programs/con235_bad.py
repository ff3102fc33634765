# python: 3.11
import asyncio


async def items():
    async with asyncio.timeout(5):
        yield 1  # CON235
        yield 2


async def main():
    async for _ in items():  # CON235
        break
    await asyncio.sleep(0)


asyncio.run(main())
