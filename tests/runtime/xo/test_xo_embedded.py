"""What is the embedded face's own: sub-pools on threads, other loops, the end of a pool, statistics, debug options."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any, TypeVar

import pytest

from conclint_runtime import xo
from conclint_runtime.xo.errors import ActorPoolNotStarted, NoIdleSlot, NotEmbedded, XoscarError

T = TypeVar("T")


class Plain(xo.Actor):
    def __init__(self, value: object = None) -> None:
        super().__init__()
        self.value = value

    def get(self) -> object:
        return self.value

    def echo(self, value: object) -> object:
        return value

    def thread(self) -> int:
        return threading.get_ident()

    async def wait(self) -> None:
        await asyncio.Event().wait()

    async def call_itself(self) -> None:
        await self.ref().get()

    def fail(self) -> None:
        raise ValueError("boom")

    @xo.generator
    def count(self, n: int) -> Iterator[int]:
        yield from range(n)

    def generators(self) -> int:
        return len(self._generators)


def run(work: Coroutine[object, object, T]) -> T:
    async def bounded() -> T:
        return await asyncio.wait_for(work, 60)

    return asyncio.run(bounded())


async def in_sub_pool(pool: xo.MainActorPool, *args: object, index: int = 1) -> Any:
    strategy = xo.allocate_strategy.ProcessIndex(index)
    return await xo.create_actor(Plain, *args, address=pool.external_address, allocate_strategy=strategy)


async def a_pool(n_process: int = 0, **options: Any) -> xo.MainActorPool:
    return await xo.create_actor_pool("127.0.0.1:0", n_process=n_process, **options)


def test_each_sub_pool_has_a_thread_of_its_own() -> None:
    async def program() -> int:
        async with await a_pool(2) as pool:
            refs = [await in_sub_pool(pool, index=index) for index in range(3)]
            return len({await ref.thread() for ref in refs})

    assert run(program()) == 3


def test_the_thread_of_a_sub_pool_begins_with_its_first_actor() -> None:
    async def program() -> tuple[int, int]:
        before = threading.active_count()
        async with await a_pool(2) as pool:
            unused = threading.active_count()
            await in_sub_pool(pool)
            return unused - before, threading.active_count() - unused

    assert run(program()) == (0, 1)


def test_there_are_as_many_sub_pools_as_processors_where_no_number_is_given() -> None:
    async def program() -> int:
        async with await xo.create_actor_pool("127.0.0.1:0") as pool:
            return len(pool.sub_pools)

    import os

    assert run(program()) == os.cpu_count()


def test_an_actor_of_one_sub_pool_calls_one_of_another() -> None:
    class Caller(xo.Actor):
        async def call(self, other: Any) -> object:
            return await other.echo(7)

    async def program() -> object:
        async with await a_pool(2) as pool:
            caller = await xo.create_actor(
                Caller, address=pool.external_address, allocate_strategy=xo.allocate_strategy.ProcessIndex(1)
            )
            return await caller.call(await in_sub_pool(pool, index=2))

    assert run(program()) == 7


def test_a_value_that_cannot_be_copied_is_refused_between_pools() -> None:
    async def program() -> None:
        async with await a_pool(1) as pool:
            ref = await in_sub_pool(pool)
            with pytest.raises(xo.SendMessageFailed, match="an argument of 'echo' cannot be sent"):
                await ref.echo(threading.Lock())

    run(program())


def test_a_value_that_cannot_be_copied_is_passed_within_a_pool() -> None:
    async def program() -> bool:
        async with await a_pool() as pool:
            ref = await xo.create_actor(Plain, address=pool.external_address)
            lock = threading.Lock()
            return await ref.echo(lock) is lock

    assert run(program())


def test_a_pool_is_reached_from_the_loop_of_another_thread() -> None:
    async def program() -> object:
        async with await a_pool() as pool:
            ref = await xo.create_actor(Plain, 5, uid="five", address=pool.external_address)

            def elsewhere() -> object:
                async def ask() -> object:
                    found = await xo.actor_ref(address=ref.address, uid="five")
                    return type(found) is xo.ActorRef, await found.get()

                return asyncio.run(ask())

            return await asyncio.to_thread(elsewhere)

    assert run(program()) == (True, 5)


def test_a_call_to_a_sub_pool_under_way_ends_when_the_pool_is_stopped() -> None:
    async def program() -> None:
        pool = await a_pool(1)
        ref = await in_sub_pool(pool)
        call = asyncio.ensure_future(ref.wait())
        await ref.__class__(ref.address, ref.uid).wait.tell()  # it is behind the first, so the first is under way
        await pool.stop()
        with pytest.raises(xo.ServerClosed, match="was stopped"):
            await call

    run(program())


def test_a_call_under_way_ends_when_the_pool_is_stopped() -> None:
    async def program() -> None:
        pool = await a_pool()
        ref = await xo.create_actor(Plain, address=pool.external_address)
        call = asyncio.ensure_future(ref.wait())
        while pool.statistics().under_way == 0:
            await asyncio.sleep(0)
        await pool.stop()
        with pytest.raises(xo.ServerClosed, match="was stopped"):
            await call

    run(program())


def test_stopping_twice_is_stopping_once() -> None:
    async def program() -> None:
        pool = await a_pool(1)
        await asyncio.gather(pool.stop(), pool.stop())
        await pool.stop()

    run(program())


def test_a_stopped_pool_cannot_be_started_again() -> None:
    async def program() -> None:
        pool = await a_pool()
        await pool.stop()
        with pytest.raises(ActorPoolNotStarted, match="cannot start again"):
            await pool.start()

    run(program())


def test_join_returns_when_the_pool_is_stopped() -> None:
    async def program() -> None:
        pool = await a_pool()
        joining = asyncio.ensure_future(pool.join())
        await pool.stop()
        await joining

    run(program())


@pytest.mark.parametrize("n_process", [0, 1])
def test_a_method_that_stops_its_own_pool_ends_with_it(n_process: int) -> None:
    class Stopping(xo.Actor):
        async def stop(self, pool: xo.MainActorPool) -> None:
            await pool.stop()

    async def program() -> None:
        pool = await a_pool(n_process)
        if n_process:
            await in_sub_pool(pool)
        ref = await xo.create_actor(Stopping, address=pool.external_address)
        with pytest.raises(xo.ServerClosed):
            await ref.stop(pool)
        await pool.join()

    run(program())


def test_a_pool_whose_loop_was_closed_under_it_refuses_calls() -> None:
    pool = run(a_pool())
    with pytest.raises(ConnectionRefusedError, match="was stopped"):
        run(xo.create_actor(Plain, address=pool.external_address))


def test_an_address_is_free_again_when_its_pool_has_been_stopped() -> None:
    async def program() -> None:
        for _ in range(2):
            async with await xo.create_actor_pool("somewhere:7", n_process=0):
                pass

    run(program())


def test_an_address_that_is_taken_is_refused() -> None:
    async def program() -> None:
        async with await a_pool() as pool:
            with pytest.raises(OSError, match="already at"):
                await xo.create_actor_pool(pool.external_address)

    run(program())


def test_an_address_without_a_port_is_refused() -> None:
    with pytest.raises(ValueError, match="host:port"):
        run(xo.create_actor_pool("somewhere"))


def test_labels_are_as_many_as_pools() -> None:
    with pytest.raises(ValueError, match="should be of size 2, got 1"):
        run(a_pool(1, labels=["main"]))


def test_arguments_about_processes_are_accepted() -> None:
    async def program() -> None:
        async with await a_pool(1, auto_recover="actor", subprocess_start_method="spawn"):
            pass

    run(program())


def test_an_argument_that_xoscar_does_not_have_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="unexpected arguments: n_proces"):
        run(a_pool(0, n_proces=2))


@pytest.mark.parametrize(
    ("strategy", "allowed"),
    [
        (xo.allocate_strategy.MainPool(), {0}),
        (xo.allocate_strategy.Random(), {0, 1, 2}),
        (xo.allocate_strategy.RandomSubPool(), {1, 2}),
        (xo.allocate_strategy.ProcessIndex(2), {2}),
        (xo.allocate_strategy.RandomLabel("gpu"), {2}),
        (xo.allocate_strategy.IdleLabel("cpu", "mark"), {1}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_strategy_chooses_among_the_pools(strategy: Any, allowed: set[int]) -> None:
    async def program() -> int:
        async with await a_pool(2, labels=["main", "cpu", "gpu"]) as pool:
            addresses = [each.external_address for each in (pool, *pool.sub_pools)]
            ref = await xo.create_actor(Plain, address=pool.external_address, allocate_strategy=strategy)
            return addresses.index(ref.address)

    assert run(program()) in allowed


def test_an_idle_label_is_idle_once() -> None:
    async def program() -> None:
        async with await a_pool(1, labels=["main", "cpu"]) as pool:
            strategy = xo.allocate_strategy.IdleLabel("cpu", "mark")
            await xo.create_actor(Plain, address=pool.external_address, allocate_strategy=strategy)
            with pytest.raises(NoIdleSlot, match="No idle slot"):
                await xo.create_actor(Plain, address=pool.external_address, allocate_strategy=strategy)

    run(program())


def test_a_slot_is_idle_again_when_the_actor_could_not_be_made() -> None:
    class Broken(xo.Actor):
        def __init__(self) -> None:
            raise ValueError("boom")

    async def program() -> None:
        async with await a_pool(1, labels=["main", "cpu"]) as pool:
            where: dict[str, Any] = {
                "address": pool.external_address,
                "allocate_strategy": xo.allocate_strategy.IdleLabel("cpu", "mark"),
            }
            with pytest.raises(ValueError, match="boom"):
                await xo.create_actor(Broken, **where)
            await xo.create_actor(Plain, **where)

    run(program())


def test_an_index_that_no_pool_has_is_an_index_error() -> None:
    async def program() -> None:
        async with await a_pool() as pool:
            with pytest.raises(IndexError, match="no pool has the index 1"):
                await in_sub_pool(pool)

    run(program())


def test_a_failed_post_create_frees_the_uid() -> None:
    class Failing(xo.Actor):
        async def __post_create__(self) -> None:
            raise ValueError("boom")

    async def program() -> None:
        async with await a_pool() as pool:
            for _ in range(2):
                with pytest.raises(ValueError, match="boom"):
                    await xo.create_actor(Failing, uid="one", address=pool.external_address)

    run(program())


def test_a_failed_pre_destroy_keeps_the_actor() -> None:
    class Staying(xo.Actor):
        async def __pre_destroy__(self) -> None:
            raise ValueError("boom")

    async def program() -> bool:
        async with await a_pool() as pool:
            ref = await xo.create_actor(Staying, address=pool.external_address)
            with pytest.raises(ValueError, match="boom"):
                await xo.destroy_actor(ref)
            return await xo.has_actor(ref)

    assert run(program())


def test_uid_and_address_are_not_known_in_init() -> None:
    class Early(xo.Actor):
        def __init__(self) -> None:
            super().__init__()
            _ = self.uid

    async def program() -> None:
        async with await a_pool() as pool:
            with pytest.raises(RuntimeError, match="no uid before its __post_create__"):
                await xo.create_actor(Early, address=pool.external_address)

    run(program())


def test_an_actor_may_call_its_own_attributes_what_it_likes() -> None:
    class Own(xo.Actor):
        def __init__(self) -> None:
            super().__init__()
            self._lock = self._uid = self._address = self.lock = "own"

        def both(self) -> tuple[str, bytes]:
            return self._lock, self.uid

    async def program() -> object:
        async with await a_pool() as pool:
            return await (await xo.create_actor(Own, uid="own", address=pool.external_address)).both()

    assert run(program()) == ("own", b"own")


def test_a_tuple_of_awaitables_with_a_plain_value_between_is_settled() -> None:
    class Mixed(xo.Actor):
        async def mixed(self, other: Any) -> Any:
            return other.echo(1), "plain", other.echo(2)

    async def program() -> object:
        async with await a_pool() as pool:
            mixed = await xo.create_actor(Mixed, address=pool.external_address)
            return await mixed.mixed(await xo.create_actor(Plain, address=pool.external_address))

    assert run(program()) == (1, "plain", 2)


def test_a_call_that_waits_for_its_own_lock_is_counted() -> None:
    async def program() -> int:
        async with await a_pool() as pool:
            ref = await xo.create_actor(Plain, address=pool.external_address)
            call = asyncio.ensure_future(ref.call_itself())
            while pool.statistics().waiting_for_lock == 0:
                await asyncio.sleep(0)
            waiting = pool.statistics().waiting_for_lock
            call.cancel()
            await asyncio.wait([call])
            return waiting

    assert run(program()) == 1


def test_statistics_tell_what_a_pool_holds() -> None:
    async def program() -> tuple[int, int, int, bool]:
        async with await a_pool() as pool:
            ref = await xo.create_actor(Plain, address=pool.external_address)
            await ref.get()
            told = pool.statistics()
            return told.actors, told.messages, told.under_way, told.address == pool.external_address

    assert run(program()) == (1, 1, 0, True)


def test_a_generator_that_is_dropped_is_forgotten_by_its_actor() -> None:
    async def program() -> None:
        async with await a_pool() as pool:
            ref = await xo.create_actor(Plain, address=pool.external_address)
            values = await ref.count(3)
            del values
            while await ref.generators() > 0:  # the message that brought it ends a turn of the loop later
                gc.collect()

    run(program())


def test_an_error_with_stop_iteration_in_its_text_is_raised_by_a_generator() -> None:
    class Misleading(xo.Actor):
        @xo.generator
        async def values(self) -> AsyncIterator[int]:
            yield 1
            raise ValueError("like StopIteration")

    async def program() -> None:
        async with await a_pool() as pool:
            values = await (await xo.create_actor(Misleading, address=pool.external_address)).values()
            assert await values.__anext__() == 1
            with pytest.raises(ValueError, match="like StopIteration"):
                await values.__anext__()

    run(program())


def test_an_error_keeps_the_attributes_of_its_class() -> None:
    class Missing(xo.Actor):
        def open(self) -> None:
            raise FileNotFoundError(2, "no such file", "name")

    async def program() -> tuple[object, ...]:
        async with await a_pool() as pool:
            ref = await xo.create_actor(Missing, address=pool.external_address)
            with pytest.raises(OSError, match="no such file") as caught:
                await ref.open()
            return caught.value.errno, caught.value.filename, caught.value.args

    assert run(program()) == (2, "name", (2, "no such file"))


class PickyError(Exception):
    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")
        self.two = two


def test_an_error_whose_class_takes_other_arguments_keeps_its_attributes() -> None:
    class Raising(xo.Actor):
        def fail(self) -> None:
            raise PickyError(1, 2)

    async def program() -> int:
        async with await a_pool() as pool:
            ref = await xo.create_actor(Raising, address=pool.external_address)
            with pytest.raises(PickyError, match=r"pid=\d+\] 1 and 2") as caught:
                await ref.fail()
            return caught.value.two

    assert run(program()) == 2


@pytest.fixture
def debugging() -> Iterator[None]:
    xo.set_debug_options(xo.DebugOptions())
    yield
    xo.set_debug_options(None)


@pytest.mark.usefixtures("debugging")
def test_a_call_cycle_is_logged_with_its_trace(caplog: pytest.LogCaptureFixture) -> None:
    async def program() -> None:
        async with await a_pool() as pool:
            ref = await xo.create_actor(Plain, uid="one", address=pool.external_address)
            call = asyncio.ensure_future(ref.call_itself())
            while pool.statistics().waiting_for_lock == 0:
                await asyncio.sleep(0)
            call.cancel()
            await asyncio.wait([call])

    with caplog.at_level(logging.WARNING):
        run(program())
    assert "Call cycle detected when sending to actor b'one'" in caplog.text
    assert "Calling 'call_itself' in actor b'one'" in caplog.text


@pytest.mark.usefixtures("debugging")
def test_an_error_that_a_tell_loses_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def program() -> None:
        async with await a_pool() as pool:
            ref = await xo.create_actor(Plain, address=pool.external_address)
            await (await ref.fail.tell())

    with caplog.at_level(logging.ERROR):
        run(program())
    assert "Got unhandled error when handling message 'fail'" in caplog.text


def test_a_lock_that_is_held_for_long_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def program() -> None:
        xo.set_debug_options(xo.DebugOptions(actor_lock_timeout=0.001))
        async with await a_pool() as pool:
            ref = await xo.create_actor(Plain, address=pool.external_address)
            call = asyncio.ensure_future(ref.wait())
            while "hold lock timeout" not in caplog.text:
                await asyncio.sleep(0)
            call.cancel()
            await asyncio.wait([call])

    with caplog.at_level(logging.WARNING):
        try:
            run(program())
        finally:
            xo.set_debug_options(None)
    assert "wait" in caplog.text


def test_debug_options_can_be_read() -> None:
    assert xo.get_debug_options() is None


@pytest.mark.parametrize("name", ["copy_to", "kill_actor", "wait_actor_pool_recovered"])
def test_what_needs_processes_says_so(name: str) -> None:
    with pytest.raises(NotEmbedded, match=rf"`{name}` is not part of the embedded face"):
        getattr(xo, name)


def test_a_name_that_xoscar_does_not_have_is_an_ordinary_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'") as caught:
        _ = xo.nothing
    assert not isinstance(caught.value, XoscarError)


def test_telling_later_tells_after_its_delay() -> None:
    async def program() -> bool:
        async with await a_pool() as pool:
            ref = await xo.create_actor(Plain, address=pool.external_address)
            before = pool.statistics().messages
            await ref.get.tell_delay(delay=0.001)
            return pool.statistics().messages == before + 1

    assert run(program())


def test_telling_a_pool_later_that_is_gone_by_then_is_no_error() -> None:
    async def program() -> None:
        pool = await a_pool()
        ref = await xo.create_actor(Plain, address=pool.external_address)
        later = ref.get.tell_delay(delay=0.001)
        await pool.stop()
        await later

    run(program())


def test_a_slot_is_idle_again_when_its_actor_was_destroyed() -> None:
    async def program() -> None:
        async with await a_pool(1, labels=["main", "cpu"]) as pool:
            strategy = xo.allocate_strategy.IdleLabel("cpu", "mark")
            for _ in range(2):
                ref = await xo.create_actor(Plain, address=pool.external_address, allocate_strategy=strategy)
                await xo.destroy_actor(ref)

    run(program())


def test_a_sub_pool_that_is_blocked_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    from conclint_runtime.xo import main_pool

    monkeypatch.setattr(main_pool, "BLOCKED_SECONDS", 0.01)
    reached, release = threading.Event(), threading.Event()

    class Blocking(xo.Actor):
        def block(self, reach: Any, wait: Any) -> None:
            reach()
            wait()

    async def program() -> None:
        pool = await a_pool(1)
        where: dict[str, Any] = {"address": pool.external_address, "uid": "blocking"}
        where["allocate_strategy"] = xo.allocate_strategy.ProcessIndex(1)
        ref = await xo.create_actor(Blocking, **where)
        # Functions, which are shared; bound methods would be copied, and their events with them.
        call = asyncio.ensure_future(ref.block(lambda: reached.set(), lambda: release.wait(60)))  # noqa: PLW0108
        await asyncio.to_thread(reached.wait, 60)
        await pool.stop()
        release.set()
        with pytest.raises(xo.ServerClosed):
            await call

    run(program())
