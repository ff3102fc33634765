from concurrent.futures import ThreadPoolExecutor

with ThreadPoolExecutor(1) as pool:
    for _ in range(3):
        pool.submit(int)
