from concurrent.futures import ThreadPoolExecutor

with ThreadPoolExecutor(2) as pool:
    jobs = [pool.submit(int, number) for number in range(4)]
    print([job.result() for job in jobs])
