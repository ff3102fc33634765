import asyncio
import threading


async def work():
    pass


async def main():
    asyncio.get_running_loop().call_soon(work)  # CON204
    await asyncio.sleep(0)
    await asyncio.sleep(0)


asyncio.run(main())
