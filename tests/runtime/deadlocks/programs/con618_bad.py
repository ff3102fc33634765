# guard: --embed ray
import ray


@ray.remote
class Counter:
    def one(self) -> int:
        return 1

    def two(self, me: object) -> int:
        return ray.get(me.one.remote()) + 1  # CON618


counter = Counter.remote()
print(ray.get(counter.two.remote(counter)))
