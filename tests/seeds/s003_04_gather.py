"""Several coroutines at once; the first error is the one that is seen."""

import asyncio


async def taste(name):
    await asyncio.sleep(0.1)
    return len(name)


async def main():
    marks = await asyncio.gather(taste("rye"), taste("spelt"), taste("oat"))
    print(max(marks))


asyncio.run(main())
