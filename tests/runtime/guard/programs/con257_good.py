# python: 3.11
import asyncio


async def main():
    loop = asyncio.get_running_loop()
    total = asyncio.timeout_at(loop.time() + 60)
    await asyncio.sleep(0.01)
    limit = asyncio.timeout(60)
    async with total, limit:
        await asyncio.sleep(0.01)
    endless = asyncio.timeout(None)
    await asyncio.sleep(0.01)
    async with endless:
        await asyncio.sleep(0.01)


asyncio.run(main())
