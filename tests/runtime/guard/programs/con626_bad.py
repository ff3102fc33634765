# guard: --embed ray
import ray


@ray.remote
def rows():
    yield 1


ray.get(rows.remote())  # CON626
