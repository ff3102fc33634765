import asyncio


async def inner():
    pass


async def main():
    await inner()
    await asyncio.to_thread(asyncio.run, inner())


asyncio.run(main())
