from concurrent.futures import ThreadPoolExecutor

with ThreadPoolExecutor(2) as pool:
    print([pool.submit(int, number).result() for number in range(4)])  # CON311
    for number in range(4):
        pool.submit(int, number).result()  # CON311
