import threading
from concurrent.futures import Future, ThreadPoolExecutor

pool = ThreadPoolExecutor(max_workers=2)
futures: "list[Future[int]]" = []
known = threading.Event()


def first() -> int:
    known.wait()
    return futures[1].result()


def second() -> int:
    known.wait()
    return 1


futures.extend([pool.submit(first), pool.submit(second)])
known.set()
assert futures[0].result() == 1
pool.shutdown()
