# guard: --embed ray
import ray


@ray.remote
def square(x):
    return x * x


square(2)  # CON617
