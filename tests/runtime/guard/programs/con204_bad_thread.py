import threading


async def work():
    pass


thread = threading.Thread(target=work)  # CON204
thread.start()
thread.join()
