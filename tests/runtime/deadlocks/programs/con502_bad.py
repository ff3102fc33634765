import threading

lock = threading.Lock()


def total() -> int:
    with lock:  # CON502
        return 1


def report() -> None:
    with lock:
        print(total())  # CON502


report()
