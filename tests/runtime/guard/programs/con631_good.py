# guard: --embed ray
import ray


class Store:
    pass


@ray.remote
class Other(Store):
    pass
