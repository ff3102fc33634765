"""The pool as a context, its jobs as they are done, and the ordered results of `map`."""

import concurrent.futures
from concurrent.futures import ThreadPoolExecutor


def bake(grams):
    return grams * 0.9


with ThreadPoolExecutor(max_workers=4) as oven:
    loaves = [oven.submit(bake, grams) for grams in (500, 750, 1000)]
    for loaf in concurrent.futures.as_completed(loaves):
        print(loaf.result())
    weights = oven.map(bake, [500, 750, 1000])
    print(list(weights))
