import threading
from concurrent.futures import Future, ThreadPoolExecutor

pool = ThreadPoolExecutor(max_workers=2)
futures: "list[Future[int]]" = []
known = threading.Event()


def first() -> int:
    known.wait()
    return futures[1].result()  # CON302


def second() -> int:
    known.wait()
    return futures[0].result()  # CON302


futures.extend([pool.submit(first), pool.submit(second)])
known.set()
print(futures[0].result())
pool.shutdown()
