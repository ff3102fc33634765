import asyncio


async def fail():
    await asyncio.sleep(0)
    raise ValueError


async def main():
    results = await asyncio.gather(fail(), fail(), return_exceptions=True)
    print([repr(each) for each in results if isinstance(each, Exception)])
    await asyncio.gather(asyncio.sleep(0), asyncio.sleep(0), return_exceptions=True)


asyncio.run(main())
