import asyncio


async def fail():
    raise ValueError


async def slow(gate):
    await gate.wait()


async def main():
    gate = asyncio.Event()
    try:
        await asyncio.gather(fail(), slow(gate))  # CON210
    except ValueError:
        gate.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)


asyncio.run(main())
