"""A task fetched, and another waited for, by plain code."""

import ray


@ray.remote
def count_leaves():
    return 7


ray.get(count_leaves.remote())
ray.wait([count_leaves.remote()])
