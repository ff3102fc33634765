"""`python -m bench.runtime_memory ENGINE COUNT` prints how many MiB this process grows by with so many actors."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "runtime")]


def embedded(count: int) -> float:
    """Sync actors, each of which has a thread from its first call on."""
    import conclint_runtime as ray
    from bench.runtime_actors import private_memory

    class Counter:
        def __init__(self) -> None:
            self.count = 0

        def add(self) -> int:
            self.count += 1
            return self.count

    ray.init()
    kind = ray.remote(Counter)
    first = kind.remote()
    ray.get(first.add.remote())
    before = private_memory()
    actors = [kind.remote() for _ in range(count)]
    ray.get([actor.add.remote() for actor in actors])
    grown = private_memory() - before
    ray.shutdown()
    return grown


async def xoscar(count: int) -> float:
    """Stateful actors in a pool in this process."""
    import xoscar as xo  # type: ignore[import-untyped]  # it has no types

    from bench.runtime_actors import private_memory

    class Counter(xo.Actor):  # type: ignore[misc]  # xoscar has no types
        def __init__(self) -> None:
            super().__init__()
            self.count = 0

        def add(self) -> int:
            self.count += 1
            return self.count

    pool = await xo.create_actor_pool("127.0.0.1", n_process=0)
    async with pool:
        await (await xo.create_actor(Counter, address=pool.external_address)).add()
        before = private_memory()
        actors = [await xo.create_actor(Counter, address=pool.external_address) for _ in range(count)]
        for actor in actors:
            await actor.add()
        return private_memory() - before


if __name__ == "__main__":
    number = int(sys.argv[2])
    print(asyncio.run(xoscar(number)) if sys.argv[1] == "xoscar" else embedded(number))
