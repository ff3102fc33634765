# guard: --embed ray
import ray


@ray.remote
def made():
    return [1]


print(ray.get(made.remote()))
