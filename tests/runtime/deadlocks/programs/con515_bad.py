import threading
from collections.abc import Iterator

lock = threading.Lock()


def items() -> Iterator[int]:
    with lock:  # CON515
        yield 1
        yield 2


def first() -> int:
    found = items()
    value = next(found)
    with lock:  # CON515
        return value


print(first())
