"""The other warning of the text: a single async method takes the threads away from all others."""

import time

import ray


@ray.remote
class Printer:
    def sheet(self, text):
        time.sleep(0.8)
        return text.upper()

    async def status(self):
        return "ready"


printer = Printer.options(max_concurrency=4).remote()
print(ray.get([printer.sheet.remote(word) for word in ("north", "south", "east")]))
