# python: 3.11
import asyncio


def work():
    return sum(range(1000))


async def main():
    async with asyncio.timeout(0.001):  # CON232
        print(work())


asyncio.run(main())
