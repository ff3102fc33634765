import asyncio

lock = asyncio.Lock()


async def inner() -> None:
    async with lock:  # CON216
        pass


async def main() -> None:
    async with lock:
        await inner()


asyncio.run(main())
