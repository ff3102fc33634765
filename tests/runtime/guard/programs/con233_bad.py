# python until: 3.10
import asyncio


async def main():
    try:
        await asyncio.wait_for(asyncio.sleep(5), 0.01)  # CON233
    except TimeoutError:
        pass


asyncio.run(main())
