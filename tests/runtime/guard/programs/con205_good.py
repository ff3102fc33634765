import asyncio


async def say(delay):
    await asyncio.sleep(delay)
    return delay


async def main():
    first, second = await asyncio.gather(say(0.01), say(0.02))
    print(first, second)
    third = await say(0.01)
    fourth = await say(third)
    print(fourth)


asyncio.run(main())
