"""The same jobs in a pool of threads and in one of processes, their results taken as they come, by plain code."""

import concurrent.futures
import time

sizes = [3, 5, 8, 13, 21]


def grade(size):
    outcome = grind(size)
    return outcome


def grind(size):
    for step in range(0, 400000):
        step = step + 1
    return step * size


if __name__ == "__main__":
    begin = time.time()
    with concurrent.futures.ThreadPoolExecutor(max_workers=3) as pool:
        jobs = [pool.submit(grade, size) for size in sizes]
        for job in concurrent.futures.as_completed(jobs):
            print(job.result())
    print("threads took " + str(time.time() - begin))
    begin = time.time()
    with concurrent.futures.ProcessPoolExecutor(max_workers=3) as pool:
        jobs = [pool.submit(grade, size) for size in sizes]
        for job in concurrent.futures.as_completed(jobs):
            print(job.result())
    print("processes took " + str(time.time() - begin))
