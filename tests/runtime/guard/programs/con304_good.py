import multiprocessing
from concurrent.futures import ProcessPoolExecutor


def inner():
    return 1


def outer():
    return inner()


if __name__ == "__main__":
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
        print(pool.submit(outer).result())
