import asyncio
import threading
import time

lock = threading.Lock()
held = threading.Event()


def hold():
    with lock:
        held.set()
        time.sleep(0.3)


async def main():
    thread = threading.Thread(target=hold)
    thread.start()
    await asyncio.to_thread(held.wait)
    with lock:  # CON106
        pass
    await asyncio.to_thread(thread.join)


asyncio.run(main())
