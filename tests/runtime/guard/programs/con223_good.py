import asyncio
import contextlib


async def rows():
    try:
        for number in range(3):
            yield number
    finally:
        await asyncio.sleep(0)


async def plain():
    for number in range(3):
        yield number


async def main():
    async with contextlib.aclosing(rows()) as found:
        async for _ in found:
            break
    async for _ in plain():
        break


asyncio.run(main())
