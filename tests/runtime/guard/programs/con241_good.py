import asyncio


async def child(gate):
    await gate.wait()


async def parent(gate):
    task = asyncio.create_task(child(gate))
    try:
        await asyncio.sleep(5)
    finally:
        task.cancel()


async def main():
    gate = asyncio.Event()
    task = asyncio.create_task(parent(gate))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    gate.set()
    await asyncio.sleep(0.01)


asyncio.run(main())
