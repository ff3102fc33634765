from concurrent.futures import ProcessPoolExecutor


def one():
    return 1


if __name__ == "__main__":
    with ProcessPoolExecutor(1) as pool:
        pool.submit(one).result()
