import threading
from collections.abc import Iterator

lock = threading.Lock()


def items() -> Iterator[int]:
    with lock:
        found = [1, 2]
    yield from found


def first() -> int:
    value = next(items())
    with lock:
        return value


assert first() == 1
