"""Which calls may overtake which."""

from __future__ import annotations

import asyncio
import threading

import pytest

import conclint_runtime as ray
from tests.runtime.actors.gates import PATIENCE, Gate


class Log:
    def __init__(self) -> None:
        self.seen: list[object] = []

    def add(self, item: object) -> None:
        self.seen.append(item)

    def all(self) -> list[object]:
        return self.seen


class AsyncLog(Log):
    async def drain(self) -> list[object]:
        return self.seen


@ray.remote
def late(gate: Gate, value: object) -> object:
    gate.pass_through()
    return value


def test_a_sync_actor_runs_calls_in_the_order_of_submission() -> None:
    actor = ray.remote(Log).remote()
    for number in range(500):
        actor.add.remote(number)
    assert ray.get(actor.all.remote()) == list(range(500))


def test_a_late_argument_holds_up_the_later_calls_of_a_sync_actor(gate: Gate) -> None:
    actor = ray.remote(Log).remote()
    actor.add.remote("first")
    actor.add.remote(late.remote(gate, "late"))
    last = actor.add.remote("last")
    gate.arrived()
    assert ray.wait([last], timeout=0)[0] == []
    gate.open()
    ray.get(last)
    assert ray.get(actor.all.remote()) == ["first", "late", "last"]


@pytest.mark.parametrize("options", [{}, {"max_concurrency": 2}])
def test_a_late_argument_is_overtaken_in_an_async_or_threaded_actor(gate: Gate, options: dict[str, int]) -> None:
    actor = ray.remote(Log if options else AsyncLog).options(**options).remote()
    waiting = actor.add.remote(late.remote(gate, "late"))
    gate.arrived()
    ray.get(actor.add.remote("overtaking"))
    gate.open()
    ray.get(waiting)
    assert ray.get(actor.all.remote()) == ["overtaking", "late"]


def test_an_async_actor_starts_calls_in_the_order_of_submission() -> None:
    class Starts(AsyncLog):
        async def start(self, number: int) -> None:
            self.seen.append(number)
            await asyncio.sleep(0)

    actor = ray.remote(Starts).remote()
    ray.get([actor.start.remote(number) for number in range(3000)])
    assert ray.get(actor.all.remote()) == list(range(3000))


def test_two_submitters_keep_each_its_own_order() -> None:
    actor = ray.remote(Log).remote()

    def submit(name: str) -> None:
        for number in range(200):
            actor.add.remote((name, number))

    threads = [threading.Thread(target=submit, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    seen = ray.get(actor.all.remote())
    for name in "ab":
        assert [number for who, number in seen if who == name] == list(range(200))


@pytest.mark.parametrize("cls", [Log, AsyncLog])
def test_in_order_execution_is_refused_where_calls_run_side_by_side(cls: type) -> None:
    with pytest.raises(ValueError, match="allow_out_of_order_execution=True"):
        ray.remote(cls).options(allow_out_of_order_execution=False, max_concurrency=2).remote()
