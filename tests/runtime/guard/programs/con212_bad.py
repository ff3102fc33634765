import asyncio


async def work(gate):
    await gate.wait()


async def main():
    gate = asyncio.Event()
    done, _ = await asyncio.wait([asyncio.create_task(work(gate))], timeout=0.01)  # CON212
    del done, _
    gate.set()
    await asyncio.sleep(0.01)


asyncio.run(main())
