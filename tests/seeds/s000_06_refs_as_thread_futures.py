"""Refs as futures of `concurrent.futures`, taken in the order in which they are done, by plain code."""

import concurrent.futures

import ray


@ray.remote
def count_leaves():
    return 7


pending = [count_leaves.remote() for _ in range(5)]
promises = [each.future() for each in pending]
for promise in concurrent.futures.as_completed(promises):
    assert promise.done()
    print(promise.result())
