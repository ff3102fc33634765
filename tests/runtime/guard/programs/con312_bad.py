# guard: --timeout 1
import itertools
from concurrent.futures import ThreadPoolExecutor

with ThreadPoolExecutor(1) as pool:
    for result in pool.map(int, itertools.count()):  # CON312
        break
