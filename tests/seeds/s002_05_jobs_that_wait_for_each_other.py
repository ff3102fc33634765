"""Two jobs of one pool, each waiting for what the other returns; no number of threads helps."""

import time
from concurrent.futures import ThreadPoolExecutor


def ring_after_treble():
    time.sleep(2)
    print(treble.result())  # the treble waits for this job
    return "tenor"


def ring_after_tenor():
    time.sleep(2)
    print(tenor.result())  # the tenor waits for this job
    return "treble"


ringers = ThreadPoolExecutor(max_workers=2)
tenor = ringers.submit(ring_after_treble)
treble = ringers.submit(ring_after_tenor)
