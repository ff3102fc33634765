# guard: --embed ray
import ray


@ray.remote
def one(x):
    return x


print(sum(ray.get([one.remote(x) for x in range(600)])))  # CON607
