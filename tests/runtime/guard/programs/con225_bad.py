import asyncio


async def work():
    pass


async def main():
    coroutine = work()
    await coroutine
    await coroutine  # CON225


asyncio.run(main())
