from concurrent.futures import ThreadPoolExecutor, as_completed

with ThreadPoolExecutor(2) as pool:
    jobs = {pool.submit(int): "a", pool.submit(str): "b"}
    for job in as_completed(jobs):
        print(jobs[job], job.result())
