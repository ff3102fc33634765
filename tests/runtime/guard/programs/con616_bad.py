# guard: --embed ray
import time

import ray


@ray.remote(max_concurrency=4)
class Renderer:
    def render(self):
        time.sleep(0.01)  # CON616

    async def later(self):
        pass


ray.get(Renderer.remote().render.remote())
