"""Several calls of one async actor overlap; the driver fetches them once with a list, once from a coroutine."""

import asyncio

import ray


@ray.remote
class Greenhouse:
    # Calls overlap: each waits on the loop of the actor's process.
    async def water(self):
        print("valve open")
        await asyncio.sleep(0.4)
        print("valve closed")


house = Greenhouse.remote()

# from plain code
ray.get([house.water.remote() for _ in range(6)])


# from a coroutine
async def water_once():
    await house.water.remote()


asyncio.run(water_once())
