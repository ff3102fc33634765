import asyncio
import time


def compute():
    until = time.thread_time() + 0.3
    while time.thread_time() < until:
        pass


async def main():
    await asyncio.to_thread(compute)


asyncio.run(main())
