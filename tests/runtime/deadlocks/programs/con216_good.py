import asyncio

lock = asyncio.Lock()


async def inner() -> None:
    async with lock:
        pass


async def main() -> None:
    async with lock:
        pass
    await inner()


asyncio.run(main())
