from concurrent.futures import ThreadPoolExecutor

with ThreadPoolExecutor(1) as pool:
    print(list(pool.map(int, ["1", "2"])))
