import asyncio


async def drain(jobs: "asyncio.Queue[int]") -> None:
    while not jobs.empty():
        await asyncio.sleep(0)
        await jobs.get()  # CON508


async def main() -> None:
    jobs: asyncio.Queue[int] = asyncio.Queue()
    jobs.put_nowait(1)
    await asyncio.gather(drain(jobs), drain(jobs))


asyncio.run(main())
