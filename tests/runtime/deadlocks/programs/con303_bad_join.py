import threading

lock = threading.RLock()


def job() -> None:
    with lock:  # CON303
        pass


thread = threading.Thread(target=job)
with lock:
    thread.start()
    thread.join()  # CON303
