from concurrent.futures import ThreadPoolExecutor

for _ in range(3):
    with ThreadPoolExecutor(1) as pool:  # CON309
        pool.submit(int)
