import asyncio


async def update(lock: asyncio.Lock) -> None:
    async with lock:
        await asyncio.sleep(0)


async def main() -> None:
    lock = asyncio.Lock()
    await asyncio.gather(update(lock), update(lock))


asyncio.run(main())
