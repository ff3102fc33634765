"""Whole programs in the shape of Ray's page on concurrency in actors, with what they can be seen to do."""

# mypy takes no notice of what a decorator makes of a class:
# mypy: disable-error-code="attr-defined"

from __future__ import annotations

import asyncio
import concurrent.futures
import sys
import threading
from collections.abc import Callable

import pytest

import conclint_runtime as ray
from tests.runtime.actors.gates import Gate


@ray.remote
class Station:
    """Its trains all arrive before one departs, if they may run beside each other."""

    def __init__(self, expected: int) -> None:
        self.board: list[str] = []
        self.expected = expected
        self.all_here = asyncio.Event()

    async def stop_over(self) -> None:
        self.board.append("arrived")
        if self.board.count("arrived") % self.expected == 0:
            self.all_here.set()
            self.all_here = asyncio.Event()
        else:
            await self.all_here.wait()
        self.board.append("departed")

    async def show(self) -> list[str]:
        return self.board


@ray.remote
def weigh() -> int:
    return 40


def test_calls_of_an_async_actor_run_beside_each_other() -> None:
    station = Station.remote(4)
    ray.get([station.stop_over.remote() for _ in range(4)])
    assert ray.get(station.show.remote()) == ["arrived"] * 4 + ["departed"] * 4


def test_a_program_with_a_loop_of_its_own_awaits_a_call() -> None:
    station = Station.remote(1)

    async def visit() -> list[str]:
        await station.stop_over.remote()
        board: list[str] = await station.show.remote()
        return board

    assert asyncio.run(visit()) == ["arrived", "departed"]


def test_get_and_wait_have_their_twins_in_await() -> None:
    assert ray.get(weigh.remote()) == 40
    ready, others = ray.wait([weigh.remote()])
    assert (len(ready), others) == (1, [])

    async def twins() -> tuple[int, int]:
        direct = await weigh.remote()
        done, _ = await asyncio.wait([asyncio.ensure_future(weigh.remote())])
        return direct, done.pop().result()

    assert asyncio.run(twins()) == (40, 40)


def test_a_reference_becomes_an_asyncio_future() -> None:
    async def convert() -> int:
        future: asyncio.Future[int] = asyncio.wrap_future(weigh.remote().future())
        return await future

    assert asyncio.run(convert()) == 40


def test_references_become_concurrent_futures_that_are_taken_as_they_complete() -> None:
    futures = [ref.future() for ref in [weigh.remote() for _ in range(4)]]
    taken = []
    for future in concurrent.futures.as_completed(futures):
        assert future.done()
        taken.append(future.result())
    assert taken == [40] * 4


def test_five_calls_start_at_once_and_end_together() -> None:
    station = Station.remote(5)
    ray.get([station.stop_over.remote() for _ in range(5)])
    assert ray.get(station.show.remote()) == ["arrived"] * 5 + ["departed"] * 5


def test_two_platforms_take_eight_trains_two_by_two() -> None:
    station = Station.options(max_concurrency=2).remote(2)
    ray.get([station.stop_over.remote() for _ in range(8)])
    board = ray.get(station.show.remote())
    inside, most = 0, 0
    for entry in board:
        inside += 1 if entry == "arrived" else -1
        most = max(most, inside)
    assert (most, len(board)) == (2, 16)


def test_two_methods_of_a_threaded_actor_run_on_two_threads(gate: Gate) -> None:
    @ray.remote
    class Workshop:
        def saw(self) -> int:
            gate.pass_through()
            return threading.get_ident()

        def plane(self) -> int:
            gate.pass_through()
            return threading.get_ident()

    workshop = Workshop.options(max_concurrency=2).remote()
    refs = [workshop.saw.remote(), workshop.plane.remote()]
    gate.arrived(2)
    gate.open()
    assert len(set(ray.get(refs))) == 2


def test_a_coroutine_function_is_no_task_and_a_function_around_it_is() -> None:
    async def fetch() -> str:
        await asyncio.sleep(0)
        return "fetched"

    with pytest.raises(ValueError, match="'async def' should not be used for remote tasks"):
        ray.remote(fetch)

    @ray.remote
    def around() -> str:
        return asyncio.run(fetch())

    assert ray.get(around.remote()) == "fetched"


@pytest.mark.parametrize(
    "program",
    [
        "import ray\nassert ray.get(ray.remote(lambda: 1).remote()) == 1",
        "from ray import remote, get\nassert get(remote(lambda: 1).remote()) == 1",
        "from ray.util import ActorPool\nassert ActorPool.__module__.startswith('conclint_runtime')",
        "from ray.util.queue import Queue, Empty\nassert Queue().empty()",
        "import ray.util.queue\nassert ray.util.queue.Queue().empty()",
        "from ray.exceptions import RayTaskError, GetTimeoutError\nassert issubclass(GetTimeoutError, TimeoutError)",
        "import ray\nassert issubclass(ray.exceptions.RayTaskError, ray.exceptions.RayError)",
        "from ray.actor import ActorHandle, exit_actor\nimport ray\nassert ray.actor.ActorHandle is ActorHandle",
        "import ray\nassert ray.util.list_named_actors() == []",
    ],
)
def test_a_program_that_imports_ray_runs_when_installed_under_that_name(program: str) -> None:
    undo = ray.install_as("ray")
    try:
        exec(compile(program, "program.py", "exec"), {"__name__": "program"})
    finally:
        undo()


def test_undoing_an_installation_puts_back_what_was_there() -> None:
    before: dict[str, object] = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "ray"}
    undo: Callable[[], None] = ray.install_as("ray")
    undo()
    after: dict[str, object] = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "ray"}
    assert after == before
