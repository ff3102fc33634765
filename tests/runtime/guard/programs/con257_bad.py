# python: 3.11
import asyncio


async def main():
    limit = asyncio.timeout(60)  # CON257
    await asyncio.sleep(0.01)
    async with limit:
        await asyncio.sleep(0.01)


asyncio.run(main())
