import asyncio
import threading

gate = threading.Event()


async def main():
    try:
        await asyncio.wait_for(asyncio.to_thread(gate.wait), 0.05)  # CON212
    except asyncio.TimeoutError:
        await asyncio.sleep(0)
        gate.set()


asyncio.run(main())
