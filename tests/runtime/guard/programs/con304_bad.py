# guard: --timeout 3
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

pool = None


def inner():
    return 1


def outer():
    return pool.submit(inner).result()  # CON304


if __name__ == "__main__":
    pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork"))
    print(pool.submit(outer).result())
