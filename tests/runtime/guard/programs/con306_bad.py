from concurrent.futures import ThreadPoolExecutor


def fail():
    raise ValueError


with ThreadPoolExecutor(1) as pool:
    pool.submit(fail)  # CON306
    kept = pool.submit(fail)  # CON306
