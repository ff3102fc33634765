# guard: --embed ray
import ray


@ray.remote
def square(x):
    return x * x


print(ray.get([square.remote(x) for x in range(4)]))
