"""A coroutine function made a task, which Ray refuses."""

import ray


@ray.remote
async def measure():
    pass
