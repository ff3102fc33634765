import asyncio


async def fail():
    await asyncio.sleep(0)
    raise ValueError


async def main():
    await asyncio.gather(fail(), fail(), return_exceptions=True)  # CON211


asyncio.run(main())
