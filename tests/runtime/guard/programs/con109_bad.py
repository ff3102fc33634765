import asyncio
import time


async def main():
    until = time.thread_time() + 0.3
    while time.thread_time() < until:  # CON109
        pass


asyncio.run(main())
