import asyncio


async def work():
    await asyncio.sleep(0)


async def main():
    tasks = {asyncio.create_task(work())}
    tasks.add(asyncio.ensure_future(work()))
    await asyncio.gather(*tasks)
    await asyncio.create_task(work())


asyncio.run(main())
