# guard: --embed ray
import time

import ray


@ray.remote(max_concurrency=4)
class Renderer:
    def render(self):
        time.sleep(0.01)


ray.get(Renderer.remote().render.remote())
