import threading

lock = threading.RLock()


def total() -> int:
    with lock:
        return 1


def report() -> None:
    with lock:
        assert total() == 1


report()
