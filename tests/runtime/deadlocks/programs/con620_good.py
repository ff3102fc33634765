# guard: --embed ray
import ray


@ray.remote
class Directory:
    def lookup(self) -> int:
        return 1


@ray.remote
class Service:
    def __init__(self, directory: object) -> None:
        self.found = ray.get(directory.lookup.remote())

    def name(self) -> int:
        return self.found


directory = Directory.remote()
service = Service.remote(directory)
assert ray.get(service.name.remote()) == 1
ray.shutdown()
