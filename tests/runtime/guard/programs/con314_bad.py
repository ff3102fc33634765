from concurrent.futures import ThreadPoolExecutor

with ThreadPoolExecutor(1) as pool:
    pass
pool.submit(int)  # CON314
