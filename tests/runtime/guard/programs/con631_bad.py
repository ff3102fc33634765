# guard: --embed ray
import ray


@ray.remote
class Store:
    pass


class Other(Store):  # CON631
    pass
