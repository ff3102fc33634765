import asyncio


async def child(gate):
    await gate.wait()


async def parent(gate):
    task = asyncio.create_task(child(gate))  # CON241
    await asyncio.sleep(5)
    await task


async def main():
    gate = asyncio.Event()
    task = asyncio.create_task(parent(gate))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    gate.set()
    await asyncio.sleep(0.01)


asyncio.run(main())
