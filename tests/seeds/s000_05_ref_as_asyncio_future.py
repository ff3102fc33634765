"""A ref turned into a future of the loop."""

import asyncio

import ray


@ray.remote
def count_leaves():
    return 7


async def leaves_through_a_future():
    pending = count_leaves.remote()
    promise: asyncio.Future = asyncio.wrap_future(pending.future())
    print(await promise)


asyncio.run(leaves_through_a_future())
