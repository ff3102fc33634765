# guard: --embed ray
import ray


@ray.remote
def square(x):
    return x * x


print(ray.get(square.remote(square.remote(2))))
