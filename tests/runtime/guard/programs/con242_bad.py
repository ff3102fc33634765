import asyncio
import time


def text(_):
    return "x"


async def main():
    await asyncio.to_thread(text, time.sleep(0.01))  # CON242


asyncio.run(main())
