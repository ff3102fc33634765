import asyncio


async def work(jobs: "asyncio.Queue[str]") -> None:
    while True:
        job = await jobs.get()
        try:
            int(job)
        except ValueError:
            continue
        jobs.task_done()


async def main() -> None:
    jobs: asyncio.Queue[str] = asyncio.Queue()
    worker = asyncio.create_task(work(jobs))
    for job in ("1", "two"):
        jobs.put_nowait(job)
    await jobs.join()  # CON516
    worker.cancel()


asyncio.run(main())
