import asyncio


async def step(number):
    return number + 1


async def main():
    await asyncio.gather(*(step(number) for number in range(10)))  # CON231


asyncio.run(main())
