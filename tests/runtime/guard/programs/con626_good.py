# guard: --embed ray
import ray


@ray.remote
def rows():
    yield 1


for ref in rows.remote():
    print(ray.get(ref))
