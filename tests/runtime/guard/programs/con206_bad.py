import asyncio


async def fetch(number):
    await asyncio.sleep(0)
    return number


async def main():
    for number in range(4):
        await fetch(number)  # CON206


asyncio.run(main())
