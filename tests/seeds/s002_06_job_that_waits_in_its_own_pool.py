"""A job that waits for another job of the only thread that it occupies itself."""

from concurrent.futures import ThreadPoolExecutor


def ring_in_turn():
    second = ringers.submit(divmod, 9, 4)
    # The one thread is busy here, so the second job never begins.
    print(second.result())


ringers = ThreadPoolExecutor(max_workers=1)
first = ringers.submit(ring_in_turn)
