# guard: --embed ray
import ray


@ray.remote
class Store:
    def one(self):
        return 1


store = Store.options(name="store").remote()
ray.get(store.one.remote())
ray.get_actor("store")
