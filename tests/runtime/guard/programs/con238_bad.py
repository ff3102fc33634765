import asyncio


async def save():
    await asyncio.sleep(5)
    print("saved")


async def main():
    task = asyncio.create_task(save())  # CON238
    await asyncio.sleep(0)


asyncio.run(main())
