import asyncio


async def main():
    with asyncio.Lock():  # CON226
        pass


asyncio.run(main())
