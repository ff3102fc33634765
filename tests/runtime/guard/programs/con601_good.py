# guard: --embed ray
import ray


@ray.remote
def square(x):
    return x * x


@ray.remote
class Summary:
    async def one(self, x):
        return await square.remote(x)


print(ray.get(Summary.remote().one.remote(2)))
