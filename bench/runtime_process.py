"""`python -m bench.runtime_process WHAT ENGINE COUNT` measures an engine in a process that has done nothing else.

WHAT is `import`, seconds until its modules are there and it can make actors; `start`, the same once the modules are
there; or `memory`, bytes that COUNT actors take which have been called.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "runtime")]


def start() -> tuple[float, float]:
    """Of the embedded engine: the first time and the second; it imports most of its modules when it first starts."""
    begin = time.perf_counter()
    import conclint_runtime as ray

    ray.init()
    first = time.perf_counter() - begin
    ray.shutdown()
    begin = time.perf_counter()
    ray.init()
    second = time.perf_counter() - begin
    ray.shutdown()
    return first, second


def memory(count: int) -> float:
    """Of embedded sync actors, each of which has a thread from its first call on."""
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


async def start_of_xoscar() -> tuple[float, float]:
    """Of a pool in this process: the first time and the second."""
    begin = time.perf_counter()
    import xoscar as xo  # type: ignore[import-untyped]  # it has no types

    pool = await xo.create_actor_pool("127.0.0.1", n_process=0)
    first = time.perf_counter() - begin
    await pool.stop()
    begin = time.perf_counter()
    pool = await xo.create_actor_pool("127.0.0.1", n_process=0)
    second = time.perf_counter() - begin
    await pool.stop()
    return first, second


async def memory_of_xoscar(count: int) -> float:
    """Of stateful actors in a pool in this process."""
    import xoscar as xo

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
    what, engine, number = sys.argv[1:]
    if what == "memory":
        print(asyncio.run(memory_of_xoscar(int(number))) if engine == "xoscar" else memory(int(number)))
    else:
        starts = asyncio.run(start_of_xoscar()) if engine == "xoscar" else start()
        print(starts[what == "start"])
