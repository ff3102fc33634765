import asyncio


async def main():
    ready = asyncio.Event()
    asyncio.get_running_loop().call_later(0.02, ready.set)
    await ready.wait()
    for _ in range(3):
        await asyncio.sleep(0)


asyncio.run(main())
