import queue
import threading

lock = threading.Lock()
closed: "queue.SimpleQueue[int]" = queue.SimpleQueue()


class Handle:
    def __del__(self) -> None:
        closed.put(1)


handles = [Handle()]
with lock:
    handles.clear()
assert closed.get() == 1
