import threading

lock = threading.Lock()


def update() -> None:
    with lock:
        int("no number")


def update_safely() -> None:
    try:
        update()
    except ValueError:
        pass


thread = threading.Thread(target=update_safely)
thread.start()
thread.join()
with lock:
    pass
