import asyncio


async def work(gate):
    await gate.wait()


async def main():
    gate = asyncio.Event()
    _, pending = await asyncio.wait([asyncio.create_task(work(gate))], timeout=0.01)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    gate.set()
    await asyncio.wait_for(work(gate), 5)


asyncio.run(main())
