from concurrent.futures import ThreadPoolExecutor


def use():
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(int).result()


use()
