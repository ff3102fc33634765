import asyncio


async def main() -> None:
    jobs: asyncio.Queue[int] = asyncio.Queue(maxsize=2)
    for number in range(3):
        await jobs.put(number)  # CON517
    while not jobs.empty():
        print(jobs.get_nowait())


asyncio.run(main())
