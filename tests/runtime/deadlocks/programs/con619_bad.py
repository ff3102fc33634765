# guard: --embed ray
import ray


@ray.remote
class Peer:
    def answer(self) -> int:
        return 1

    def ask(self, other: object, back: object, depth: int) -> int:
        if depth == 0:
            return 1
        return ray.get(other.ask.remote(back, other, depth - 1))  # CON619


first, second = Peer.remote(), Peer.remote()
print(ray.get(first.ask.remote(second, first, 2)))
