# guard: --embed ray
import ray


@ray.remote
def one(x):
    return x


print(ray.get(one.remote(ray.put(1))))
