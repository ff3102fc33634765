import threading

import conclint_runtime as ray


def one() -> int:
    return 1


@ray.remote(max_concurrency=2)
class Counter:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.total = 0

    def add(self) -> None:
        with self.lock:
            self.total += one()

    def read(self) -> int:
        return self.total


counter = Counter.remote()
ray.get([counter.add.remote() for _ in range(4)])
total = ray.get(counter.read.remote())
ray.shutdown()
assert total == 4, total
