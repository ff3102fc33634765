import itertools
from concurrent.futures import ThreadPoolExecutor

with ThreadPoolExecutor(1) as pool:
    print(list(pool.map(pow, range(3), itertools.repeat(2))))
    print(list(pool.map(int, (number for number in range(3)))))
