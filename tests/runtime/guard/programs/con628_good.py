# guard: --embed ray
import ray


@ray.remote
def total(*values):
    return values[0] + 1


print(ray.get(total.remote(ray.put(1))))
