# python: 3.11
import asyncio


async def main():
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout_at(5):  # CON258
            await asyncio.sleep(0.01)
    except TimeoutError:
        print("too late")


asyncio.run(main())
