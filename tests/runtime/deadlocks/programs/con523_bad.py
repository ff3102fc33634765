import threading

lock = threading.Lock()


class Handle:
    def __del__(self) -> None:
        with lock:  # CON523
            pass


handles = [Handle()]
with lock:
    handles.clear()
