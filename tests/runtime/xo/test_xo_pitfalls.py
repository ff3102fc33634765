"""The fifteen pitfalls of xoscar, each shown on the real one and on the embedded face."""

from __future__ import annotations

import asyncio
import gc
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Face

# How many round trips to an actor show that a message which could get in would have: messages are taken in order.
_ROUND_TRIPS = 20


def counter(xo: Any) -> Any:
    class Counter(xo.Actor):  # type: ignore[misc]  # the base is one of two
        def __init__(self) -> None:
            super().__init__()
            self.count = 0

        def add(self, n: int = 1) -> int:
            self.count += n
            return self.count

        @xo.no_lock  # type: ignore[untyped-decorator]
        def seen(self) -> int:
            return self.count

        def fail(self) -> None:
            raise ValueError("boom")

        async def add_through_own_reference(self) -> int:
            self.count += 100
            await self.ref().add()
            return self.count

        async def tell_own_reference(self) -> int:
            await self.ref().add.tell()
            return self.count

        async def add_as_a_method(self) -> int:
            return self.add()

        async def wait_until_added(self) -> int:
            while self.count == 0:
                await asyncio.sleep(0)
            return self.count

    return Counter


def never_awaited(make: Any) -> list[str]:
    """What the interpreter says about coroutines that are made and dropped."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        made = make()
        del made
        gc.collect()
    return [str(each.message) for each in caught]


def test_a_call_that_is_not_awaited_never_executes(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(counter(face.xo))
        said = never_awaited(lambda: ref.add(5))
        assert any("was never awaited" in each for each in said)
        assert await ref.add(1) == 1

    face.run(program())


def test_a_tell_that_is_not_awaited_is_not_sent(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(counter(face.xo))
        said = never_awaited(lambda: ref.add.tell(5))
        assert any("was never awaited" in each for each in said)
        assert await ref.add(1) == 1

    face.run(program())


def test_a_tell_through_a_local_reference_executes_even_when_it_is_not_awaited(one_loop: Face) -> None:
    async def program() -> None:
        ref = await one_loop.create(counter(one_loop.xo))
        local = await one_loop.local(ref)
        never_awaited(lambda: local.add.tell(5))
        assert await ref.add(1) == 6

    one_loop.run(program())


def test_a_tell_loses_the_methods_error(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(counter(face.xo))
        told = await ref.fail.tell()
        await told
        assert await ref.add() == 1

    face.run(program())


def test_awaiting_ones_own_reference_under_the_lock_never_gets_in(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(counter(face.xo))
        call = asyncio.ensure_future(ref.add_through_own_reference())
        while await ref.seen() < 100:
            await asyncio.sleep(0)
        assert {await ref.seen() for _ in range(_ROUND_TRIPS)} == {100}
        assert not call.done()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    face.run(program())


def test_an_actor_is_usable_after_its_call_to_itself_was_cancelled(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(counter(face.xo))
        call = asyncio.ensure_future(ref.add_through_own_reference())
        while await ref.seen() < 100:
            await asyncio.sleep(0)
        call.cancel()
        await asyncio.wait([call])
        assert await ref.add() == 101

    face.run(program())


@pytest.mark.parametrize("method", ["tell_own_reference", "add_as_a_method"])
def test_telling_oneself_or_calling_the_method_itself_does_not_wait_for_the_lock(face: Face, method: str) -> None:
    async def program() -> None:
        ref = await face.create(counter(face.xo))
        await getattr(ref, method)()
        assert await ref.add() == 2

    face.run(program())


def couple(xo: Any) -> Any:
    class One(xo.Actor):  # type: ignore[misc]  # the base is one of two
        def __init__(self) -> None:
            super().__init__()
            self.other: Any = None
            self.entered = 0

        async def meet(self, other: Any) -> None:
            self.other = await xo.actor_ref(other)

        @xo.no_lock  # type: ignore[untyped-decorator]
        def in_call(self) -> int:
            return self.entered

        def hello(self) -> str:
            return "hello"

        async def under_the_lock(self) -> str:
            self.entered = 1
            while await self.other.in_call() == 0:
                await asyncio.sleep(0)
            answer: str = await self.other.hello()
            return answer

        async def released_by_yield(self) -> Any:
            self.entered = 1
            while await self.other.in_call() == 0:
                await asyncio.sleep(0)
            answer = yield self.other.hello()
            raise xo.Return(answer + "!")

        async def released_by_return(self) -> Any:
            self.entered = 1
            while await self.other.in_call() == 0:
                await asyncio.sleep(0)
            return self.other.hello()

        @xo.no_lock  # type: ignore[untyped-decorator]
        async def unlocked(self) -> str:
            self.entered = 1
            while await self.other.in_call() == 0:
                await asyncio.sleep(0)
            answer: str = await self.other.hello()
            return answer

    return One


async def a_couple(face: Face) -> tuple[Any, Any]:
    kind = couple(face.xo)
    one, other = await face.create(kind), await face.create(kind)
    await one.meet(other)
    await other.meet(one)
    return one, other


def test_two_stateful_actors_that_await_each_other_never_end(face: Face) -> None:
    async def program() -> None:
        one, other = await a_couple(face)
        calls = [asyncio.ensure_future(each.under_the_lock()) for each in (one, other)]
        while not (await one.in_call() and await other.in_call()):
            await asyncio.sleep(0)
        for _ in range(_ROUND_TRIPS):
            await one.in_call()
            await other.in_call()
        assert not any(call.done() for call in calls)
        for call in calls:
            call.cancel()
        await asyncio.wait(calls)
        assert await one.hello() == "hello"

    face.run(program())


@pytest.mark.parametrize(
    ("method", "answer"), [("released_by_yield", "hello!"), ("released_by_return", "hello"), ("unlocked", "hello")]
)
def test_two_actors_that_give_the_lock_back_while_they_wait_for_each_other_end(
    face: Face, method: str, answer: str
) -> None:
    async def program() -> None:
        one, other = await a_couple(face)
        assert list(await asyncio.gather(getattr(one, method)(), getattr(other, method)())) == [answer, answer]

    face.run(program())


def test_a_method_that_waits_for_state_which_another_method_sets_keeps_it_out(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(counter(face.xo))
        waiting = asyncio.ensure_future(ref.wait_until_added())
        setting = asyncio.ensure_future(ref.add())
        assert {await ref.seen() for _ in range(_ROUND_TRIPS)} == {0}
        assert not setting.done()
        waiting.cancel()
        await asyncio.wait([waiting])
        assert await setting == 1

    face.run(program())


def thread_teller(xo: Any) -> Any:
    class ThreadTeller(xo.Actor):  # type: ignore[misc]  # the base is one of two
        def plain(self) -> int:
            import threading

            return threading.get_ident()

        async def coroutine(self) -> int:
            import threading

            return threading.get_ident()

    return ThreadTeller


def test_plain_methods_run_on_the_thread_of_the_pools_loop(face: Face) -> None:
    async def program() -> None:
        kind = thread_teller(face.xo)
        one, other = await face.create(kind), await face.create(kind)
        threads = await asyncio.gather(one.plain(), one.coroutine(), other.plain(), other.coroutine())
        assert len(set(threads)) == 1

    face.run(program())


_CALLS = 5


def test_a_stateless_actor_loses_updates_across_an_await(face: Face) -> None:
    class Racing(face.xo.StatelessActor):  # type: ignore[name-defined, misc]  # the base is one of two
        def __init__(self) -> None:
            super().__init__()
            self.count = self.readers = 0
            self.all_have_read = asyncio.Event()

        async def increment(self) -> int:
            before = self.count
            self.readers += 1
            if self.readers == _CALLS:
                self.all_have_read.set()
            await self.all_have_read.wait()
            self.count = before + 1
            return self.count

    async def program() -> None:
        ref = await face.create(Racing)
        assert await asyncio.gather(*(ref.increment() for _ in range(_CALLS))) == [1] * _CALLS

    face.run(program())


def test_a_stateful_actor_loses_no_update_across_an_await(face: Face) -> None:
    class Queueing(face.xo.Actor):  # type: ignore[name-defined, misc]  # the base is one of two
        def __init__(self) -> None:
            super().__init__()
            self.count = 0

        async def increment(self) -> int:
            before = self.count
            for _ in range(_ROUND_TRIPS):
                await asyncio.sleep(0)
            self.count = before + 1
            return self.count

    async def program() -> None:
        ref = await face.create(Queueing)
        assert await asyncio.gather(*(ref.increment() for _ in range(_CALLS))) == [1, 2, 3, 4, 5]

    face.run(program())


def test_a_plain_post_create_fails_the_creation(face: Face) -> None:
    class Plain(face.xo.Actor):  # type: ignore[name-defined, misc]  # the base is one of two
        def __post_create__(self) -> None:
            pass

    with pytest.raises(TypeError, match="NoneType can't be used in 'await' expression"):
        face.run(face.create(Plain))


def test_an_async_init_fails_the_creation(face: Face) -> None:
    class Late(face.xo.Actor):  # type: ignore[name-defined, misc]  # the base is one of two
        async def __init__(self) -> None:  # type: ignore[misc]  # it is what the test is about
            pass

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the coroutine that __init__ made is never awaited, where we can see it
        with pytest.raises(TypeError, match=r"__init__\(\) should return None, not 'coroutine'"):
            face.run(face.create(Late))


def without_super(xo: Any) -> Any:
    class WithoutSuper(xo.Actor):  # type: ignore[misc]  # the base is one of two
        def __init__(self) -> None:
            self.count = 1

        def get(self) -> int:
            return self.count

        @xo.generator  # type: ignore[untyped-decorator]
        def numbers(self) -> Any:
            yield self.count

    return WithoutSuper


def test_an_actor_that_does_not_call_supers_init_answers_calls(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(without_super(face.xo))
        assert await ref.get() == 1

    face.run(program())


def test_an_actor_that_does_not_call_supers_init_has_no_generators(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(without_super(face.xo))
        with pytest.raises(AttributeError, match="_generators"):
            await ref.numbers()

    face.run(program())


def yielding(xo: Any) -> Any:
    class Yielding(xo.Actor):  # type: ignore[misc]  # the base is one of two
        def undecorated(self) -> Any:
            yield 1

        @xo.generator  # type: ignore[untyped-decorator]
        def decorated(self) -> Any:
            yield 1
            yield 2

    return Yielding


def test_a_generator_method_without_its_decorator_cannot_be_awaited(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(yielding(face.xo))
        with pytest.raises(TypeError, match="object generator can't be used in 'await' expression"):
            await ref.undecorated()

    face.run(program())


def test_iterating_a_call_that_was_not_awaited_is_a_type_error(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(yielding(face.xo))
        call = ref.decorated()
        with pytest.raises(TypeError, match="__aiter__"):
            async for _ in call:
                pass
        assert [value async for value in await call] == [1, 2]

    face.run(program())


def test_reading_an_attribute_of_a_reference_gives_a_method_which_is_true(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(counter(face.xo))
        assert ref.count
        assert callable(ref.count)

    face.run(program())


def test_a_batch_of_a_method_that_is_not_extensible_is_an_attribute_error(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(counter(face.xo))
        with pytest.raises(AttributeError, match="'function' object has no attribute 'call_with_lists'"):
            await ref.add.batch(ref.add.delay(1), ref.add.delay(2))

    face.run(program())


def test_a_batch_of_two_methods_is_a_value_error(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(counter(face.xo))
        with pytest.raises(ValueError, match="Does not support calling multiple methods in batch"):
            ref.add.batch(ref.add.delay(1), ref.fail.delay())

    face.run(program())


def test_a_uid_that_is_taken_is_refused(face: Face) -> None:
    async def program() -> None:
        kind = counter(face.xo)
        ref = await face.create(kind, uid="taken")
        with pytest.raises(face.xo.ActorAlreadyExist, match="already exist, cannot create"):
            await face.create(kind, uid="taken")
        await face.xo.destroy_actor(ref)

    face.run(program())


def blocking(xo: Any) -> Any:
    class Blocking(xo.Actor):  # type: ignore[misc]  # the base is one of two
        def block(self, fifo: str) -> str:
            with open(fifo) as opened:  # until somebody opens it to write
                return opened.read()

    return Blocking


def test_xo_wait_for_returns_although_the_pool_is_blocked(two_loops: Face, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)

    async def program() -> None:
        ref = await two_loops.create(blocking(two_loops.xo))
        with pytest.raises(asyncio.TimeoutError):
            await two_loops.xo.wait_for(ref.block(str(fifo)), 0.05)
        await asyncio.to_thread(fifo.write_text, "unblocked")
        await asyncio.gather(two_loops.xo.destroy_actor(ref))

    two_loops.run(program())


def test_asyncio_wait_for_ends_only_when_the_blocked_pool_has_heard_of_the_cancellation(
    two_loops: Face, tmp_path: Path
) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)

    async def program() -> None:
        ref = await two_loops.create(blocking(two_loops.xo))
        waiting = asyncio.ensure_future(asyncio.wait_for(ref.block(str(fifo)), 0.05))
        await asyncio.wait([waiting], timeout=0.2)
        assert not waiting.done()
        await asyncio.to_thread(fifo.write_text, "unblocked")
        await asyncio.wait([waiting])
        await two_loops.xo.destroy_actor(ref)

    two_loops.run(program())


def test_creating_an_actor_without_an_address_is_a_value_error(face: Face) -> None:
    async def program() -> None:
        with pytest.raises(ValueError, match="address has to be provided"):
            await face.xo.create_actor(counter(face.xo))

    face.run(program())


def test_creating_an_actor_where_no_pool_is_is_refused(face: Face) -> None:
    async def program() -> None:
        with pytest.raises(ConnectionRefusedError):
            await face.xo.create_actor(counter(face.xo), address="127.0.0.1:1")

    face.run(program())
