import asyncio
import threading


def use():
    asyncio.get_event_loop()  # CON220


thread = threading.Thread(target=use)
thread.start()
thread.join()
