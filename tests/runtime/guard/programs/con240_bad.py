import asyncio


def report(task):
    print(task.exception())  # CON240


async def main():
    task = asyncio.create_task(asyncio.sleep(10))
    task.add_done_callback(report)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    await asyncio.sleep(0)


asyncio.run(main())
