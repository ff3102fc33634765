# guard: --embed ray
import ray


@ray.remote
def many(xs):
    return sum(xs)


print(ray.get(many.remote(range(600))))
