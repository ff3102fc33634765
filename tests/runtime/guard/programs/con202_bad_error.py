import asyncio


async def fail():
    raise ValueError("lost")


async def main():
    task = asyncio.create_task(fail())  # CON202
    await asyncio.sleep(0)
    await asyncio.sleep(0)


asyncio.run(main())
