# guard: --embed ray
import ray


@ray.remote(max_concurency=2)  # CON630
class Store:
    pass
