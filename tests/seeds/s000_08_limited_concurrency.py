"""An async actor that runs three calls at a time."""

import asyncio

import ray


@ray.remote
class Courier:
    async def deliver(self):
        print("on the way")
        await asyncio.sleep(0.7)  # a stand-in for the network
        print("delivered")


courier = Courier.options(max_concurrency=3).remote()

# three by three
ray.get([courier.deliver.remote() for _ in range(9)])
