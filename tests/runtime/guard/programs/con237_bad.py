import asyncio


async def main():
    await print("x")  # CON237


asyncio.run(main())
