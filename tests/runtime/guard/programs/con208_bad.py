# python: 3.11
import asyncio


async def work():
    pass


async def main():
    coroutine = work()
    try:
        await asyncio.wait([coroutine])  # CON208
    finally:
        coroutine.close()


asyncio.run(main())
