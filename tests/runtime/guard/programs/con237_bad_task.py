import asyncio


async def work():
    pass


async def main():
    await asyncio.create_task(work)  # CON237


asyncio.run(main())
