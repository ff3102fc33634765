# python: 3.11
import asyncio


def work():
    return sum(range(1000))


async def main():
    async with asyncio.timeout(60):
        print(await asyncio.to_thread(work))
    queue = asyncio.Queue()
    queue.put_nowait(1)
    async with asyncio.timeout(60):
        print(await queue.get())


asyncio.run(main())
