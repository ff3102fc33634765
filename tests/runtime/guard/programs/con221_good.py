import asyncio


async def step():
    pass


async def main():
    for _ in range(3):
        await step()


asyncio.run(main())
