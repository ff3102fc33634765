# guard: --embed ray
import ray


@ray.remote
class Counter:
    def one(self) -> int:
        return 1

    def two(self) -> int:
        return self.one() + 1


counter = Counter.remote()
assert ray.get(counter.two.remote()) == 2
ray.shutdown()
