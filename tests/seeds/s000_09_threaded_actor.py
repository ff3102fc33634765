"""Without async methods, an actor with a concurrency runs its calls in threads."""

import ray


@ray.remote
class Kitchen:
    def chop(self):
        print("chopping in a thread")

    def fry(self):
        print("frying in another")


kitchen = Kitchen.options(max_concurrency=3).remote()
ray.get([kitchen.chop.remote(), kitchen.fry.remote()])
