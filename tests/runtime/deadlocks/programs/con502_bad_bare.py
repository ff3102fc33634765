import threading

lock = threading.Lock()


def total() -> int:
    lock.acquire()  # CON502
    try:
        return 1
    finally:
        lock.release()


def report() -> None:
    lock.acquire()
    try:
        print(total())  # CON502
    finally:
        lock.release()


report()
