"""All calls of an async actor run at once."""

import asyncio

import ray


@ray.remote
class Courier:
    async def deliver(self):
        print("on the way")
        await asyncio.sleep(0.7)  # a stand-in for the network
        print("delivered")


courier = Courier.remote()
# Nothing limits them, so they end together.
ray.get([courier.deliver.remote() for _ in range(9)])
