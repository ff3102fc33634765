import asyncio
import threading

lock = threading.Lock()


async def update() -> None:
    with lock:  # CON107
        await asyncio.sleep(0)


async def main() -> None:
    await asyncio.gather(update(), update())


asyncio.run(main())
