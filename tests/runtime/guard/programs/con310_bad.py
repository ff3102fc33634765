from concurrent.futures import ThreadPoolExecutor


def use():
    pool = ThreadPoolExecutor(1)  # CON310
    return pool.submit(int).result()


use()
