import threading
from concurrent.futures import ThreadPoolExecutor

both = threading.Barrier(2)


def inner() -> int:
    return 1


def outer() -> int:
    both.wait()
    return sum(pool.map(lambda _: inner(), range(2)))  # CON301


with ThreadPoolExecutor(max_workers=2) as pool:
    print([future.result() for future in [pool.submit(outer), pool.submit(outer)]])
