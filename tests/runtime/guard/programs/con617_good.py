# guard: --embed ray
import ray


@ray.remote
def square(x):
    return x * x


ray.get(square.remote(2))
