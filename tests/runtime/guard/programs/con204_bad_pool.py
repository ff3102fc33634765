from concurrent.futures import ThreadPoolExecutor


async def work():
    pass


with ThreadPoolExecutor(1) as pool:
    pool.submit(work).result()  # CON204
