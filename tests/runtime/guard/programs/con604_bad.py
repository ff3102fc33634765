# guard: --embed ray
import ray


@ray.remote
def square(x):
    return x * x


print(ray.get(square.remote(ray.get(square.remote(2)))))  # CON604
