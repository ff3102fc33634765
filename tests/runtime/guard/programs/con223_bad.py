import asyncio


async def rows():
    try:
        for number in range(3):
            yield number
    finally:
        await asyncio.sleep(0)


async def main():
    async for _ in rows():  # CON223
        break
    await asyncio.sleep(0)


asyncio.run(main())
