import asyncio


def report(task):
    if not task.cancelled():
        print(task.exception())


async def main():
    task = asyncio.create_task(asyncio.sleep(10))
    task.add_done_callback(report)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    await asyncio.sleep(0)


asyncio.run(main())
