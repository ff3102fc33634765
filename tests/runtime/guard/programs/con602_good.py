# guard: --embed ray
import asyncio

import ray


async def fetch():
    return 1


@ray.remote
def fetched():
    return asyncio.run(fetch())


print(ray.get(fetched.remote()))
