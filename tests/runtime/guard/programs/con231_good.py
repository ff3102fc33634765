import asyncio


async def step(number):
    await asyncio.sleep(0)
    return number + 1


async def main():
    await asyncio.gather(*(step(number) for number in range(10)))


asyncio.run(main())
