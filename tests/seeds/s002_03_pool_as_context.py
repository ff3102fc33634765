"""One job in a pool of one thread; the waiting is done outside of the pool."""

from concurrent.futures import ThreadPoolExecutor

with ThreadPoolExecutor(max_workers=1) as ringers:
    peal = ringers.submit(divmod, 1009, 17)
    print(peal.result())
