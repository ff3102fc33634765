# guard: --embed ray
import ray


@ray.remote
def size(data):
    return len(data)


data = ray.put(bytes(1_000_000))
print(ray.get([size.remote(data) for _ in range(4)]))
