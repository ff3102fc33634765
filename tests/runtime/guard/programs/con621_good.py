# guard: --embed ray
import ray


@ray.remote
class Store:
    def save(self):
        pass

    def one(self):
        return 1


store = Store.remote()
store.save.remote()
print(ray.get(store.one.remote()))
