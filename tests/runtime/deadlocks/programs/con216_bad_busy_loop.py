import asyncio

lock = asyncio.Lock()


async def tick() -> None:
    while True:
        await asyncio.sleep(0.01)


async def inner() -> None:
    async with lock:  # CON216
        pass


async def main() -> None:
    ticking = asyncio.create_task(tick())
    async with lock:
        await inner()
    ticking.cancel()


asyncio.run(main())
