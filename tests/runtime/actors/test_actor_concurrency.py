"""How many calls of an actor run at a time, and in which group."""

from __future__ import annotations

import asyncio
import threading

import pytest

import conclint_runtime as ray
from tests.runtime.actors.gates import PATIENCE, Gate


class Crowd:
    """Counts how many calls are inside at a time. Who comes in waits for the others of its wave."""

    def __init__(self, wave: int) -> None:
        self.wave = wave
        self.inside = 0
        self.peak = 0
        self.complete = asyncio.Event()

    async def enter(self) -> None:
        self.inside += 1
        self.peak = max(self.peak, self.inside)
        complete = self.complete
        if self.inside == self.wave:
            self.complete = asyncio.Event()
            complete.set()
        await complete.wait()
        await asyncio.sleep(0)  # one more would come in here if there were room
        self.inside -= 1

    def highest(self) -> int:
        return self.peak


@pytest.mark.parametrize(("limit", "waves"), [(1, 3), (2, 4), (7, 3)])
def test_an_async_actor_runs_exactly_max_concurrency_calls_at_a_time(limit: int, waves: int) -> None:
    actor = ray.remote(Crowd).options(max_concurrency=limit).remote(limit)
    ray.get([actor.enter.remote() for _ in range(limit * waves)])
    assert ray.get(actor.highest.remote()) == limit


def test_an_async_actor_runs_exactly_a_thousand_calls_at_a_time_by_default() -> None:
    actor = ray.remote(Crowd).remote(1000)
    ray.get([actor.enter.remote() for _ in range(2000)])
    assert ray.get(actor.highest.remote()) == 1000


def test_zero_means_one() -> None:
    actor = ray.remote(max_concurrency=0)(Crowd).remote(1)
    ray.get([actor.enter.remote() for _ in range(1)])
    assert ray.get(actor.highest.remote()) == 1


def test_a_hundred_thousand_pending_calls_make_no_thread_each(gate: Gate) -> None:
    class Slow:
        def first(self) -> None:
            gate.pass_through()

        def other(self, number: int) -> int:
            return number

    actor = ray.remote(Slow).remote()
    before = threading.active_count()
    first = actor.first.remote()
    gate.arrived()
    refs = [actor.other.remote(number) for number in range(100_000)]
    assert threading.active_count() <= before + 2
    gate.open()
    ray.get(first)
    assert ray.get(refs) == list(range(100_000))


def test_a_concurrency_of_a_hundred_thousand_makes_no_thread_each() -> None:
    actor = ray.remote(max_concurrency=100_000)(Crowd).remote(5000)
    before = threading.active_count()
    refs = [actor.enter.remote() for _ in range(5000)]
    ray.get(refs)
    assert threading.active_count() <= before + 1
    assert ray.get(actor.highest.remote()) == 5000


def test_a_great_threaded_concurrency_makes_as_many_threads_as_calls_run(gate: Gate) -> None:
    class Wide:
        def wait(self) -> None:
            gate.pass_through()

    actor = ray.remote(max_concurrency=100_000)(Wide).remote()
    before = threading.active_count()
    refs = [actor.wait.remote() for _ in range(5)]
    gate.arrived(5)
    assert threading.active_count() <= before + 6
    gate.open()
    ray.get(refs)


def _threaded_groups(gate: Gate) -> type:
    class Grouped:
        @ray.method(concurrency_group="io")
        def io(self) -> int:
            gate.pass_through()
            return threading.get_ident()

        def plain(self) -> int:
            return threading.get_ident()

    return Grouped


def test_the_default_group_runs_while_another_is_full(gate: Gate) -> None:
    actor = ray.remote(concurrency_groups={"io": 2})(_threaded_groups(gate)).remote()
    refs = [actor.io.remote() for _ in range(4)]
    gate.arrived(2)
    plain = ray.get(actor.plain.remote())
    assert gate.nobody_else()
    gate.open()
    threads = set(ray.get(refs))
    assert len(threads) <= 2
    assert plain not in threads


def test_a_call_can_name_another_group_than_its_method(gate: Gate) -> None:
    actor = ray.remote(concurrency_groups={"io": 1, "cpu": 1})(_threaded_groups(gate)).remote()
    full = actor.io.remote()
    gate.arrived()
    assert ray.get(actor.plain.options(concurrency_group="cpu").remote())
    gate.open()
    ray.get(full)


def test_each_group_of_an_async_actor_has_a_loop_that_another_cannot_block(gate: Gate) -> None:
    class Grouped:
        @ray.method(concurrency_group="io")
        async def blocks(self) -> int:
            gate.pass_through()
            return id(asyncio.get_running_loop())

        async def free(self) -> int:
            return id(asyncio.get_running_loop())

    actor = ray.remote(concurrency_groups={"io": 2})(Grouped).remote()
    blocked = actor.blocks.remote()
    gate.arrived()
    free = ray.get(actor.free.remote())
    gate.open()
    assert ray.get(blocked) != free


def test_groups_can_be_declared_as_a_list_of_records() -> None:
    class Plain:
        def answer(self) -> int:
            return 1

    actor = ray.remote(concurrency_groups=[{"name": "io", "max_concurrency": 2}])(Plain).remote()
    assert ray.get(actor.answer.options(concurrency_group="io").remote()) == 1


def test_an_unknown_group_of_a_call_is_refused_with_those_there_are(gate: Gate) -> None:
    actor = ray.remote(concurrency_groups={"io": 2})(_threaded_groups(gate)).remote()
    with pytest.raises(ValueError, match=r"no concurrency group 'nope'.*\['io'\]"):
        actor.plain.options(concurrency_group="nope").remote()


def test_a_method_in_an_undeclared_group_is_refused_when_the_actor_is_made(gate: Gate) -> None:
    with pytest.raises(AssertionError, match="'io', which `concurrency_groups` does not declare"):
        ray.remote(_threaded_groups(gate)).remote()


def test_the_size_of_a_group_is_a_number(gate: Gate) -> None:
    with pytest.raises(TypeError, match="an integer is required"):
        ray.remote(concurrency_groups={"io": "2"})(_threaded_groups(gate)).remote()


def test_async_actors_share_loops_above_the_documented_number() -> None:
    from conclint_runtime.actors.loops import OWN_LOOPS

    class Lone:
        async def loop(self) -> int:
            return id(asyncio.get_running_loop())

    actors = [ray.remote(Lone).remote() for _ in range(OWN_LOOPS + 20)]
    assert len(set(ray.get([actor.loop.remote() for actor in actors]))) == OWN_LOOPS


def test_actors_that_end_leave_a_shared_loop_to_the_others() -> None:
    from conclint_runtime.actors.loops import OWN_LOOPS

    class Lone:
        async def name(self) -> str:
            return threading.current_thread().name

    actors = [ray.remote(Lone).remote() for _ in range(2 * OWN_LOOPS)]
    names = ray.get([actor.name.remote() for actor in actors])
    kept = dict(zip(names, actors, strict=True))
    actors.clear()
    for _ in range(2):
        assert ray.get([actor.name.remote() for actor in kept.values()]) == list(kept)


def test_a_loop_that_nobody_uses_any_more_ends() -> None:
    class Lone:
        async def thread(self) -> list[threading.Thread]:
            return []

    before = set(threading.enumerate())
    actor = ray.remote(Lone).remote()
    ray.get(actor.thread.remote())
    (loop,) = [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("Lone")]
    del actor
    loop.join(PATIENCE)
    assert not loop.is_alive()


def test_a_loop_is_made_at_the_first_call_of_a_group() -> None:
    class Idle:
        @ray.method(concurrency_group="io")
        async def never(self) -> None: ...

        async def name(self) -> str:
            return threading.current_thread().name

    actor = ray.remote(concurrency_groups={"io": 2})(Idle).remote()
    ray.get(actor.name.remote())
    assert not [thread for thread in threading.enumerate() if thread.name.endswith("-io")]
