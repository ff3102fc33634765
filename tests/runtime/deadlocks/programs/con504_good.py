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
if lock.acquire(timeout=0.01):
    lock.release()
go.set()
thread.join()
