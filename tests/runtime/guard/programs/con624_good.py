# guard: --embed ray
import ray


@ray.remote(concurrency_groups={"io": 1})
class Store:
    async def one(self):
        return 1


print(ray.get(Store.remote().one.options(concurrency_group="io").remote()))
