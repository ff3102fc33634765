# guard: --embed ray
import ray


@ray.remote
async def fetch():  # CON602
    return 1
