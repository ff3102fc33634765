# guard: --embed ray
import ray


@ray.remote
class Peer:
    def answer(self) -> int:
        return 1

    def ask(self, other: object) -> int:
        return ray.get(other.answer.remote())


first, second = Peer.remote(), Peer.remote()
assert ray.get(first.ask.remote(second)) == 1
ray.shutdown()
