import os
import signal
import threading

lock = threading.Lock()


def handle(*_: object) -> None:
    with lock:  # CON513
        print("handled")


signal.signal(signal.SIGUSR1, handle)
with lock:
    os.kill(os.getpid(), signal.SIGUSR1)
    print("interrupted")
