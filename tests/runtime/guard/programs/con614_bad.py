# guard: --embed ray
import ray


@ray.remote
def made():
    return ray.put([1])  # CON614


print(ray.get(ray.get(made.remote())))
