import asyncio


async def fetch(number):
    await asyncio.sleep(0)
    return number


async def main():
    await asyncio.gather(*(fetch(number) for number in range(4)))
    total = 0
    for number in range(4):
        total += await fetch(total + number)
        print(total)


asyncio.run(main())
