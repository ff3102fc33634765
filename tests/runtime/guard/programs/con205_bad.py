import asyncio


async def say(delay):
    await asyncio.sleep(delay)
    return delay


async def main():
    first = await say(0.01)  # CON205
    second = await say(0.02)  # CON205
    print(first, second)


asyncio.run(main())
