"""A hundred calls, of which three run at a time."""

import asyncio

counter = asyncio.Semaphore(3)


async def serve(guest):
    async with counter:
        await asyncio.sleep(0.01)
        return guest


async def main():
    served = [asyncio.create_task(serve(guest)) for guest in range(100)]
    print(len(await asyncio.gather(*served)))


asyncio.run(main())
