from concurrent.futures import ThreadPoolExecutor, wait


def fail():
    raise ValueError


def work():
    return 1


with ThreadPoolExecutor(1) as pool:
    pool.submit(work)
    failing = pool.submit(fail)
    wait([failing])
    print(failing.exception())
