"""A lock used as a signal between threads: the main thread holds it while it waits for one that needs it."""

import threading

signal = threading.Lock()
signal.acquire()


def wait() -> None:
    signal.acquire()


waiter = threading.Thread(target=wait)
waiter.start()
timer = threading.Timer(0.2, signal.release)
timer.start()
waiter.join()
timer.join()
