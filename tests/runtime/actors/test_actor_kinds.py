"""How a class becomes a sync, a threaded or an async actor, and what runs where."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

import conclint_runtime as ray
from tests.runtime.actors.gates import Gate


class Where:
    def __init__(self) -> None:
        self.born = threading.get_ident()

    def here(self) -> int:
        return threading.get_ident()

    def birthplace(self) -> int:
        return self.born


class WithCoroutine(Where):
    async def _never_called(self) -> None: ...


class Inheriting(WithCoroutine):
    def own(self) -> int:
        return threading.get_ident()


class WithStatic(Where):
    @staticmethod
    async def helper() -> None: ...


class WithAsyncGenerator(Where):
    async def stream(self) -> AsyncIterator[int]:
        yield 1


class WithNested(Where):
    def nested(self) -> object:
        async def inner() -> None: ...

        return asyncio.iscoroutinefunction(inner)


def test_a_sync_actor_runs_constructor_and_methods_on_one_thread_of_its_own() -> None:
    actor = ray.remote(Where).remote()
    threads = set(ray.get([actor.here.remote() for _ in range(20)]))
    assert threads == {ray.get(actor.birthplace.remote())}
    assert threading.get_ident() not in threads


def test_two_sync_actors_have_two_threads() -> None:
    one, two = ray.remote(Where).remote(), ray.remote(Where).remote()
    assert ray.get(one.here.remote()) != ray.get(two.here.remote())


def test_a_class_without_constructor_gets_its_thread_at_the_first_call() -> None:
    class Silent:
        def name(self) -> str:
            return threading.current_thread().name

    before = set(threading.enumerate())
    actor = ray.remote(Silent).remote()
    assert not [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("Silent")]
    assert ray.get(actor.name.remote()).startswith("Silent")


def test_a_constructor_runs_without_a_call(gate: Gate) -> None:
    class Eager:
        def __init__(self) -> None:
            gate.pass_through()

    actor = ray.remote(Eager).remote()
    gate.arrived()
    gate.open()
    del actor


def test_a_threaded_actor_runs_methods_beside_each_other_off_its_constructor_thread(gate: Gate) -> None:
    class Parallel(Where):
        def meet(self) -> int:
            gate.pass_through()
            return threading.get_ident()

    actor = ray.remote(Parallel).options(max_concurrency=3).remote()
    refs = [actor.meet.remote() for _ in range(3)]
    gate.arrived(3)
    gate.open()
    threads = set(ray.get(refs))
    assert len(threads) == 3
    assert ray.get(actor.birthplace.remote()) not in threads


def test_a_threaded_actor_has_no_more_threads_than_its_concurrency() -> None:
    actor = ray.remote(max_concurrency=2)(Where).remote()
    assert len(set(ray.get([actor.here.remote() for _ in range(50)]))) <= 2


@pytest.mark.parametrize("cls", [WithCoroutine, Inheriting, WithStatic, WithAsyncGenerator])
def test_one_async_member_puts_every_method_on_one_loop_thread(cls: type) -> None:
    actor = ray.remote(max_concurrency=4)(cls).remote()
    assert len({ray.get(actor.birthplace.remote()), *ray.get([actor.here.remote() for _ in range(8)])}) == 1


def test_an_async_function_inside_a_method_does_not_make_the_actor_async(gate: Gate) -> None:
    class Threaded(WithNested):
        def meet(self) -> None:
            gate.pass_through()

    actor = ray.remote(max_concurrency=2)(Threaded).remote()
    refs = [actor.meet.remote(), actor.meet.remote()]
    gate.arrived(2)  # a loop would run them one after the other
    gate.open()
    ray.get(refs)


def test_a_sync_method_of_an_async_actor_sees_the_running_loop_of_its_coroutines() -> None:
    class Loops:
        def __init__(self) -> None:
            self.at_birth = id(asyncio.get_running_loop())

        def plain(self) -> int:
            return id(asyncio.get_running_loop())

        async def coroutine(self) -> int:
            return id(asyncio.get_running_loop())

        def birth(self) -> int:
            return self.at_birth

    actor = ray.remote(Loops).remote()
    assert len(set(ray.get([actor.plain.remote(), actor.coroutine.remote(), actor.birth.remote()]))) == 1


def test_a_coroutine_constructor_is_awaited() -> None:
    class Slow:
        async def __init__(self) -> None:  # type: ignore[misc]  # what Ray accepts
            await asyncio.sleep(0)
            self.ready = True

        def is_ready(self) -> bool:
            return self.ready

    assert ray.get(ray.remote(Slow).remote().is_ready.remote())


def test_running_a_loop_in_a_sync_method_of_an_async_actor_is_refused() -> None:
    class Nested:
        async def m(self) -> None: ...

        def runs(self) -> None:
            coroutine = self.m()
            try:
                asyncio.run(coroutine)
            finally:
                coroutine.close()

    with pytest.raises(RuntimeError, match="running event loop"):
        ray.get(ray.remote(Nested).remote().runs.remote())


def test_blocking_get_in_an_async_actor_warns_once_for_the_actor(caplog: pytest.LogCaptureFixture) -> None:
    class Blocks:
        async def ask(self, refs: list[ray.ObjectRef[int]]) -> int:
            return int(ray.get(refs[0]))

    actor = ray.remote(Blocks).remote()
    for _ in range(2):
        door = Gate()
        asked = actor.ask.remote([ray.remote(_answer).remote(door)])
        door.arrived()
        door.open()
        assert ray.get(asked) == 7
    assert caplog.text.count("Using blocking ray.get inside async actor") == 1


def _answer(gate: Gate) -> int:
    gate.pass_through()
    return 7
