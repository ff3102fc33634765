from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(max_workers=1)


def inner() -> int:
    return 1


def outer() -> int:
    return pool.submit(inner).result()  # CON301


print(pool.submit(outer).result())
pool.shutdown()
