import threading

lock = threading.Lock()
held, go = threading.Event(), threading.Event()


def hold() -> None:
    with lock:
        held.set()
        go.wait()


thread = threading.Thread(target=hold)
thread.start()
held.wait()
lock.acquire(timeout=0.01)  # CON504
print("not alone here")
go.set()
thread.join()
