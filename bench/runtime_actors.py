"""What is measured of actors, written once for the two engines that have Ray's names, and once for xoscar."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TypeVar

Sample = Callable[[], float]
"""One sample: seconds for one call, or bytes where memory is measured."""
_T = TypeVar("_T")
MEGABYTES = 10
ACTORS = 1000
_ROUND_TRIPS = 300
_PIPELINED = 2000
_CREATED = 4


def of_ray(api: ModuleType) -> dict[str, Sample]:
    """The samples of Ray or of what has its names, which has been started.

    The classes are made here, so that Ray sends them by value and its workers need not find this module.
    """

    class Sync:
        def ping(self, value: int) -> int:
            return value

        def echo(self, data: bytes | bytearray) -> bytes | bytearray:
            return data

    class Async:
        async def ping(self, value: int) -> int:
            return value

        async def awaited_here(self, count: int) -> float:
            own = api.get_runtime_context().current_actor
            begin = time.perf_counter()
            for _ in range(count):
                await own.ping.remote(1)
            return (time.perf_counter() - begin) / count

    kinds = {"sync": api.remote(Sync), "async": api.remote(Async)}
    actors = {
        "sync": kinds["sync"].remote(),
        "async": kinds["async"].remote(),
        "threaded": kinds["sync"].options(max_concurrency=8).remote(),
    }
    api.get([actor.ping.remote(1) for actor in actors.values()])
    data, mutable = bytes(MEGABYTES * 1_000_000), bytearray(MEGABYTES * 1_000_000)
    samples: dict[str, Sample] = {
        "create, until the first answer": lambda: _per_call(
            lambda: api.get(kinds["sync"].remote().ping.remote(1)), _CREATED
        ),
        "await on the actor's own loop": lambda: float(api.get(actors["async"].awaited_here.remote(_ROUND_TRIPS))),
        f"echo of {MEGABYTES} MB": lambda: _per_call(lambda: api.get(actors["sync"].echo.remote(data)), 3),
        f"echo of {MEGABYTES} MB that can change": lambda: _per_call(
            lambda: api.get(actors["sync"].echo.remote(mutable)), 3
        ),
        "await, async actor": lambda: asyncio.run(_awaited(lambda: actors["async"].ping.remote(1), _ROUND_TRIPS)),
        "gather, async actor": lambda: asyncio.run(_gathered(lambda: actors["async"].ping.remote(1))),
    }
    for kind, actor in actors.items():
        ping = actor.ping
        samples[f"round trip, {kind} actor"] = lambda ping=ping: _per_call(  # type: ignore[misc]  # bound early
            lambda: api.get(ping.remote(1)), _ROUND_TRIPS
        )
        samples[f"pipelined, {kind} actor"] = lambda ping=ping: _batched(  # type: ignore[misc]  # bound early
            lambda: api.get([ping.remote(1) for _ in range(_PIPELINED)])
        )
    return samples


@contextmanager
def of_xoscar(local: bool) -> Iterator[dict[str, Sample]]:
    """The samples of xoscar with a pool in this process.

    Parameters:
        local: call through `LocalActorRef`, which neither copies nor leaves the caller's loop; otherwise through the
            `ActorRef` that `create_actor` returns.
    """
    import xoscar as xo  # type: ignore[import-untyped]  # it has no types

    class Plain(xo.Actor):  # type: ignore[misc]  # xoscar has no types
        def ping(self, value: int) -> int:
            return value

        def echo(self, data: bytes | bytearray) -> bytes | bytearray:
            return data

    class Coroutines(xo.Actor):  # type: ignore[misc]  # xoscar has no types
        async def ping(self, value: int) -> int:
            return value

    loop = asyncio.new_event_loop()

    def run(coroutine: Coroutine[object, object, _T]) -> _T:
        return loop.run_until_complete(coroutine)

    pool = run(xo.create_actor_pool("127.0.0.1", n_process=0))
    address = pool.external_address

    async def made(kind: type, name: str) -> object:
        created = await xo.create_actor(kind, address=address, uid=name)
        return await xo.actor_ref(name, address=address) if local else created

    async def first_answer() -> None:
        created = await xo.create_actor(Plain, address=address)
        await created.ping(1)
        await xo.destroy_actor(created)

    async def created(count: int) -> float:
        return await _awaited(first_answer, count)

    try:
        plain, coroutines = run(made(Plain, "plain")), run(made(Coroutines, "coroutines"))
        ping, later, echo = plain.ping, coroutines.ping, plain.echo  # type: ignore[attr-defined]  # no types
        data, mutable = bytes(MEGABYTES * 1_000_000), bytearray(MEGABYTES * 1_000_000)
        yield {
            "create, until the first answer": lambda: run(created(_CREATED)),
            "round trip, sync actor": lambda: run(_awaited(lambda: ping(1), _ROUND_TRIPS)),
            "round trip, async actor": lambda: run(_awaited(lambda: later(1), _ROUND_TRIPS)),
            "await, async actor": lambda: run(_awaited(lambda: later(1), _ROUND_TRIPS)),
            "pipelined, sync actor": lambda: run(_gathered(lambda: ping(1))),
            "pipelined, async actor": lambda: run(_gathered(lambda: later(1))),
            "gather, async actor": lambda: run(_gathered(lambda: later(1))),
            f"echo of {MEGABYTES} MB": lambda: run(_awaited(lambda: echo(data), 3)),
            f"echo of {MEGABYTES} MB that can change": lambda: run(_awaited(lambda: echo(mutable), 3)),
        }
    finally:
        run(pool.stop())
        run(asyncio.sleep(0))
        loop.close()


def start_of_ray(api: ModuleType, options: Mapping[str, object]) -> float:
    """Seconds until `init` is back; what it has started goes on."""
    begin = time.perf_counter()
    api.init(**options)
    return time.perf_counter() - begin


def in_a_new_process(what: str, engine: str) -> float:
    """What `bench.runtime_process` measures of an engine in a process of its own.

    Parameters:
        what: `import`, the seconds until its modules are there and it can make actors; `start`, the same once the
            modules are there; or `memory`, the bytes that 1000 actors take which have been called.
    """
    done = subprocess.run(
        [sys.executable, "-m", "bench.runtime_process", what, engine, str(ACTORS)],
        cwd=Path(__file__).parent.parent, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return float(done.stdout)


def private_memory(process: int | str = "self") -> float:
    """Bytes that are this process's alone."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) * 1024


def memory_of_ray(api: ModuleType) -> float:
    """Bytes of 1000 actors of a real Ray, worked out of two, as each has a process of its own."""

    class Process:
        def number(self) -> int:
            import os

            return os.getpid()

    actors = [api.remote(Process).remote() for _ in range(2)]
    return statistics.mean(private_memory(number) for number in api.get([a.number.remote() for a in actors])) * ACTORS


def _per_call(call: Callable[[], object], count: int) -> float:
    """The median of the seconds of `count` calls, one after the other."""
    took = []
    for _ in range(count):
        begin = time.perf_counter()
        call()
        took.append(time.perf_counter() - begin)
    return statistics.median(took)


def _batched(calls: Callable[[], object]) -> float:
    """Seconds for each of the calls that are all sent before the first answer is asked for."""
    begin = time.perf_counter()
    calls()
    return (time.perf_counter() - begin) / _PIPELINED


async def _awaited(call: Callable[[], Awaitable[object]], count: int) -> float:
    took = []
    for _ in range(count):
        begin = time.perf_counter()
        await call()
        took.append(time.perf_counter() - begin)
    return statistics.median(took)


async def _gathered(call: Callable[[], Awaitable[object]]) -> float:
    begin = time.perf_counter()
    await asyncio.gather(*(call() for _ in range(_PIPELINED)))
    return (time.perf_counter() - begin) / _PIPELINED
