"""Object refs awaited in a coroutine, one by itself and one in a list."""

import asyncio

import ray


@ray.remote
def count_leaves():
    return 7


async def leaves_of_two_plants():
    await count_leaves.remote()
    await asyncio.wait([count_leaves.remote()])


asyncio.run(leaves_of_two_plants())
