import asyncio
import time


def helper():
    time.sleep(0.01)  # CON101


async def main():
    helper()  # CON101


asyncio.run(main())
