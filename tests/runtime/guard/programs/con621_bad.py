# guard: --embed ray
import ray


@ray.remote
class Store:
    def fail(self):
        raise ValueError

    def one(self):
        return 1


store = Store.remote()
store.fail.remote()  # CON621
print(ray.get(store.one.remote()))
