from multiprocessing.pool import ThreadPool

with ThreadPool(1) as pool:
    pool.apply_async(int).get()
