from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(max_workers=2)


def inner() -> int:
    return 1


def outer() -> int:
    return pool.submit(inner).result()


assert pool.submit(outer).result() == 1
pool.shutdown()
