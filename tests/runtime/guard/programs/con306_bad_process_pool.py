from multiprocessing.pool import ThreadPool


def fail():
    raise ValueError


pool = ThreadPool(1)
pool.apply_async(fail)  # CON306
pool.close()
pool.join()
