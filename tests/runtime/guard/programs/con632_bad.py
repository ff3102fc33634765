# guard: --embed ray
import ray


@ray.remote
class Store:
    def one(self):
        return 1


ray.get(Store.options(name="store").remote().one.remote())
ray.get_actor("store")  # CON632
