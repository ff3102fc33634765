# guard: --embed ray
import ray


@ray.remote
class Directory:
    def lookup(self, service: object) -> int:
        return ray.get(service.name.remote())  # CON620


@ray.remote
class Service:
    def __init__(self, directory: object) -> None:
        me = ray.get_runtime_context().current_actor
        self.found = ray.get(directory.lookup.remote(me))  # CON620

    def name(self) -> int:
        return 1


directory = Directory.remote()
service = Service.remote(directory)
print(ray.get(service.name.remote()))
