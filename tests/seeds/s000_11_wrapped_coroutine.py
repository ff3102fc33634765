"""The cure: a plain task that runs the coroutine in a loop of its own."""

import ray


async def measure():
    pass


@ray.remote
def measure_in_task():
    import asyncio

    asyncio.run(measure())
