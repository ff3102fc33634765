import threading

lock = threading.Lock()


def update() -> None:
    lock.acquire()  # CON503
    int("no number")
    lock.release()


def update_safely() -> None:
    try:
        update()
    except ValueError:
        pass


thread = threading.Thread(target=update_safely)
thread.start()
thread.join()
