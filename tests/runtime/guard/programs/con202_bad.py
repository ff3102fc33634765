import asyncio


async def work():
    await asyncio.sleep(0)


async def main():
    asyncio.create_task(work())  # CON202
    asyncio.ensure_future(work())  # CON202
    asyncio.get_running_loop().create_task(work())  # CON202
    await asyncio.sleep(0.02)


asyncio.run(main())
