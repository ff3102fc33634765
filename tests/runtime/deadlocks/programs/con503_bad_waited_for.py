import threading

lock = threading.Lock()


def update() -> None:
    lock.acquire()  # CON503
    int("no number")
    lock.release()


try:
    update()
except ValueError:
    pass
with lock:  # CON503
    print("never")
