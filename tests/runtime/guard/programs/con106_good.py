import asyncio
import threading

lock = threading.Lock()


async def main():
    for _ in range(100):
        with lock:
            pass
        await asyncio.sleep(0)


asyncio.run(main())
