# guard: --embed ray
import ray


@ray.remote(max_concurrency=2)
class Store:
    pass
