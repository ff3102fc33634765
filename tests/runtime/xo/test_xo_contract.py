"""What programs may rely on: the same on the real xoscar and on the embedded face."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Face


def recorder(xo: Any) -> Any:
    class Recorder(xo.Actor):  # type: ignore[misc]  # the base is one of two
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__()
            self.given = given, named
            self.events: list[str] = []

        async def __post_create__(self) -> None:
            await asyncio.sleep(0)
            self.events.append("created")

        def plain(self, value: Any, *, key: Any = None) -> Any:
            return value, key

        async def coroutine(self, value: Any) -> Any:
            await asyncio.sleep(0)
            return value

        def what_was_given(self) -> Any:
            return self.given

        def what_happened(self) -> list[str]:
            return self.events

        def note(self, event: str) -> None:
            self.events.append(event)

        def own_uid(self) -> Any:
            return self.uid, self.address

        def own_reference(self) -> Any:
            return self.ref()

        def hand_back(self, value: Any) -> Any:
            return value

        def mutate(self, values: list[int]) -> int:
            values.append(99)
            return len(values)

        def fail(self, error: BaseException) -> None:
            raise error

        async def wait_for_ever(self) -> None:
            self.events.append("waiting")
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.events.append("cancelled")
                raise

        @xo.no_lock  # type: ignore[untyped-decorator]
        def events_without_the_lock(self) -> list[str]:
            return self.events

    return Recorder


async def until(ref: Any, event: str) -> None:
    while event not in await ref.events_without_the_lock():
        await asyncio.sleep(0)


def test_the_arguments_of_init_arrive(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(recorder(face.xo), 1, "two")
        assert await ref.what_was_given() == ((1, "two"), {})

    face.run(program())


def test_post_create_has_run_when_the_reference_arrives(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(recorder(face.xo))
        assert await ref.what_happened() == ["created"]

    face.run(program())


@pytest.mark.parametrize("how", ["call", "send"])
def test_a_method_is_called_or_sent_to_with_the_same_result(face: Face, how: str) -> None:
    async def program() -> None:
        ref = await face.create(recorder(face.xo))
        method = ref.plain if how == "call" else ref.plain.send
        assert await method(1, key=2) == (1, 2)

    face.run(program())


@pytest.mark.parametrize("local", [False, True])
def test_plain_and_coroutine_methods_are_both_awaited(face: Face, local: bool) -> None:
    async def program() -> None:
        ref = await face.create(recorder(face.xo))
        ref = await face.local(ref) if local else ref
        assert (await ref.plain(1), await ref.coroutine(2)) == ((1, None), 2)

    face.run(program())


def test_calls_are_handled_in_the_order_in_which_they_were_sent(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(recorder(face.xo))
        await asyncio.gather(*(ref.note(str(n)) for n in range(50)))
        assert await ref.what_happened() == ["created", *map(str, range(50))]

    face.run(program())


def test_a_tell_is_handled_before_a_later_call(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(recorder(face.xo))
        await ref.note.tell("told")
        assert await ref.what_happened() == ["created", "told"]

    face.run(program())


def test_a_text_uid_becomes_bytes_on_the_actor_and_on_its_reference(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(recorder(face.xo), uid="named")
        assert (ref.uid, await ref.own_uid()) == (b"named", (b"named", ref.address))
        await face.xo.destroy_actor(ref)

    face.run(program())


def test_a_uid_is_made_up_where_none_is_given(face: Face) -> None:
    async def program() -> None:
        kind = recorder(face.xo)
        one, other = await face.create(kind), await face.create(kind)
        assert one.uid != other.uid

    face.run(program())


def test_an_actor_is_found_by_address_and_uid(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(recorder(face.xo), uid="found")
        for found in (
            await face.xo.actor_ref(address=ref.address, uid="found"),
            await face.xo.actor_ref(ref.address, "found"),
            await face.xo.actor_ref("found", address=ref.address),
            await face.xo.actor_ref(ref),
            await face.xo.actor_ref(face.address, "found"),  # at the main pool's address too
        ):
            assert found == ref
        await face.xo.destroy_actor(ref)

    face.run(program())


def test_the_reference_that_an_actor_gives_of_itself_equals_the_one_made(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(recorder(face.xo))
        own = await ref.own_reference()
        assert (own, hash(own)) == (ref, hash(ref))

    face.run(program())


def test_looking_for_an_actor_that_is_not_there_says_so(face: Face) -> None:
    async def program() -> None:
        with pytest.raises(face.xo.ActorNotExist, match="Actor b'nobody' does not exist"):
            await face.xo.actor_ref(address=face.address, uid="nobody")

    face.run(program())


def test_looking_for_an_actor_without_a_uid_is_a_value_error(face: Face) -> None:
    async def program() -> None:
        with pytest.raises(ValueError, match="Actor uid should be provided"):
            await face.xo.actor_ref(address=face.address)

    face.run(program())


def test_has_actor_is_true_until_it_is_destroyed(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(recorder(face.xo))
        at_main = type(ref)(face.address, ref.uid)
        before = await face.xo.has_actor(at_main)
        await face.xo.destroy_actor(ref)
        assert (before, await face.xo.has_actor(at_main)) == (True, False)

    face.run(program())


def test_destroying_runs_pre_destroy_and_returns_the_uid(face: Face) -> None:
    xo = face.xo

    class Parting(xo.Actor):  # type: ignore[name-defined, misc]  # the base is one of two
        def __init__(self, friend: Any) -> None:
            super().__init__()
            self.friend = friend

        async def __pre_destroy__(self) -> None:
            await self.friend.note("parted")

    async def program() -> None:
        friend = await face.create(recorder(xo))
        ref = await face.create(Parting, friend)
        assert await xo.destroy_actor(ref) == ref.uid
        assert await friend.what_happened() == ["created", "parted"]

    face.run(program())


def test_calling_a_destroyed_actor_says_that_it_is_gone(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(recorder(face.xo))
        await ref.destroy()
        with pytest.raises(face.xo.ActorNotExist, match="does not exist"):
            await ref.plain(1)

    face.run(program())


def test_an_error_is_of_its_own_class_and_its_text_is_led_by_the_address(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(recorder(face.xo))
        with pytest.raises(ValueError, match=rf"^\[address={ref.address}, pid=\d+\] boom$") as caught:
            await ref.fail(ValueError("boom"))
        assert type(caught.value) is not ValueError

    face.run(program())


def test_an_error_through_a_local_reference_is_the_one_that_was_raised(one_loop: Face) -> None:
    async def program() -> None:
        error = ValueError("boom")
        local = await one_loop.local(await one_loop.create(recorder(one_loop.xo)))
        with pytest.raises(ValueError, match=r"^boom$") as caught:
            await local.fail(error)
        assert caught.value is error

    one_loop.run(program())


def test_an_error_that_passes_through_two_actors_names_one_address(face: Face) -> None:
    xo = face.xo

    class Passing(xo.Actor):  # type: ignore[name-defined, misc]  # the base is one of two
        def __init__(self, to: Any) -> None:
            super().__init__()
            self.to = to

        async def go(self) -> None:
            await self.to.fail(KeyError("boom"))

    async def program() -> None:
        last = await xo.create_actor(recorder(xo), address=face.address)
        passing = await face.create(Passing, last)
        with pytest.raises(KeyError) as caught:
            await passing.go()
        assert str(caught.value).count("address=") == 1

    face.run(program())


def test_a_method_that_the_class_lacks_is_an_attribute_error_at_the_call(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(recorder(face.xo))
        with pytest.raises(AttributeError, match="'Recorder' object has no attribute 'nothing'"):
            await ref.nothing()

    face.run(program())


def test_a_method_that_the_class_lacks_is_an_attribute_error_at_once_through_a_local_reference(one_loop: Face) -> None:
    async def program() -> None:
        local = await one_loop.local(await one_loop.create(recorder(one_loop.xo)))
        with pytest.raises(AttributeError, match="'Recorder' object has no attribute 'nothing'"):
            _ = local.nothing

    one_loop.run(program())


def test_a_private_method_cannot_be_sent_to(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(recorder(face.xo))
        with pytest.raises(AttributeError, match="_private"):
            _ = ref._private

    face.run(program())


@pytest.mark.parametrize("local", [False, True])
def test_on_one_loop_values_are_passed_by_identity(one_loop: Face, local: bool) -> None:
    async def program() -> None:
        ref = await one_loop.create(recorder(one_loop.xo))
        ref = await one_loop.local(ref) if local else ref
        value = [1]
        assert await ref.hand_back(value) is value

    one_loop.run(program())


def test_between_two_loops_arguments_are_copied(two_loops: Face) -> None:
    async def program() -> None:
        ref = await two_loops.create(recorder(two_loops.xo))
        value = [1]
        assert (await ref.mutate(value), value) == (2, [1])

    two_loops.run(program())


def test_between_two_loops_results_are_copied(two_loops: Face) -> None:
    async def program() -> None:
        ref = await two_loops.create(recorder(two_loops.xo))
        (await ref.what_happened()).append("mutated")
        assert await ref.what_happened() == ["created"]

    two_loops.run(program())


def test_a_function_without_a_name_of_its_own_can_be_sent(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(recorder(face.xo))
        assert (await ref.hand_back(lambda n: n + 1))(1) == 2

    face.run(program())


def test_a_reference_can_be_sent_to_another_actor(face: Face) -> None:
    xo = face.xo

    class Caller(xo.Actor):  # type: ignore[name-defined, misc]  # the base is one of two
        async def call(self, other: Any) -> Any:
            return await other.plain(1)

    async def program() -> None:
        assert await (await face.create(Caller)).call(await face.create(recorder(xo))) == (1, None)

    face.run(program())


def test_cancelling_a_call_cancels_the_method(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(recorder(face.xo))
        call = asyncio.ensure_future(ref.wait_for_ever())
        await until(ref, "waiting")
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert await ref.what_happened() == ["created", "waiting", "cancelled"]

    face.run(program())


def test_wait_for_cancels_the_method_at_the_end_of_the_time(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(recorder(face.xo))
        call = asyncio.ensure_future(ref.wait_for_ever())
        await until(ref, "waiting")
        with pytest.raises(asyncio.TimeoutError):
            await face.xo.wait_for(call, 0.01)
        assert (await ref.what_happened())[-1] == "cancelled"

    face.run(program())


def test_wait_for_returns_the_result_or_raises_the_error(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(recorder(face.xo))
        assert await face.xo.wait_for(ref.coroutine(3)) == 3
        with pytest.raises(KeyError):
            await face.xo.wait_for(ref.fail(KeyError(1)), 30)

    face.run(program())


def batching(xo: Any) -> Any:
    class Batching(xo.Actor):  # type: ignore[misc]  # the base is one of two
        @xo.extensible  # type: ignore[untyped-decorator]
        def one_by_one(self, n: int) -> int:
            return n + 1

        @xo.extensible  # type: ignore[untyped-decorator]
        async def together(self, n: int) -> int:
            return n + 1

        @xo.extensible
        async def in_bulk(self, n: int, by: int = 1) -> list[int]:
            raise NotImplementedError

        @in_bulk.batch  # type: ignore[no-redef]  # as a property's setter has its getter's name
        async def in_bulk(self, args_list: Any, kwargs_list: Any) -> list[int]:
            bound = [self.in_bulk.bind(*args, **kwargs) for args, kwargs in zip(args_list, kwargs_list)]
            return [1000 + n + by for n, by in bound]

    return Batching


@pytest.mark.parametrize("local", [False, True])
@pytest.mark.parametrize(
    ("method", "results"), [("one_by_one", [1, 2, 3]), ("together", [1, 2, 3]), ("in_bulk", [1001, 1002, 1003])]
)
def test_a_batch_returns_the_results_in_order(face: Face, method: str, results: list[int], local: bool) -> None:
    async def program() -> None:
        ref = await face.create(batching(face.xo))
        called = getattr(await face.local(ref) if local else ref, method)
        assert list(await called.batch(*(called.delay(n) for n in range(3)))) == results

    face.run(program())


@pytest.mark.parametrize(("method", "result"), [("one_by_one", 6), ("together", 6), ("in_bulk", 1006)])
def test_an_extensible_method_is_called_singly_too(face: Face, method: str, result: int) -> None:
    async def program() -> None:
        ref = await face.create(batching(face.xo))
        assert await getattr(ref, method)(5) == result

    face.run(program())


def test_an_empty_batch_returns_nothing(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(batching(face.xo))
        assert await ref.together.batch() == []

    face.run(program())


def generating(xo: Any) -> Any:
    class Generating(xo.Actor):  # type: ignore[misc]  # the base is one of two
        @xo.generator  # type: ignore[untyped-decorator]
        def plain(self, n: int) -> Any:
            yield from range(n)

        @xo.generator  # type: ignore[untyped-decorator]
        async def coroutine(self, n: int) -> Any:
            return (value for value in range(n))

        @xo.generator  # type: ignore[untyped-decorator]
        async def failing(self) -> Any:
            def values() -> Any:
                yield 1
                raise KeyError("boom")

            return values()

        @xo.generator  # type: ignore[untyped-decorator]
        def no_generator(self) -> str:
            return "a value"

        def generators(self) -> int:
            return len(self._generators)

    return Generating


@pytest.mark.parametrize("method", ["plain", "coroutine"])
def test_a_generator_is_iterated_by_its_caller(face: Face, method: str) -> None:
    async def program() -> None:
        ref = await face.create(generating(face.xo))
        assert [value async for value in await getattr(ref, method)(3)] == [0, 1, 2]

    face.run(program())


def test_a_generator_that_was_read_to_its_end_is_forgotten(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(generating(face.xo))
        _ = [value async for value in await ref.plain(3)]
        assert await ref.generators() == 0

    face.run(program())


def test_a_generator_that_is_destroyed_is_forgotten(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(generating(face.xo))
        values = await ref.plain(3)
        assert await ref.generators() == 1
        await values.destroy()
        assert await ref.generators() == 0

    face.run(program())


def test_a_generators_error_reaches_its_caller(face: Face) -> None:
    async def program() -> None:
        ref = await face.create(generating(face.xo))
        values = await ref.failing()
        assert await values.__anext__() == 1
        with pytest.raises(KeyError):
            await values.__anext__()

    face.run(program())


def test_a_generator_method_that_returns_something_else_is_an_ordinary_one(face: Face) -> None:
    async def program() -> None:
        assert await (await face.create(generating(face.xo))).no_generator() == "a value"

    face.run(program())


def yielding(xo: Any) -> Any:
    class Yielding(xo.Actor):  # type: ignore[misc]  # the base is one of two
        def __init__(self, other: Any) -> None:
            super().__init__()
            self.other = other
            self.steps = 0

        def bump(self) -> int:
            self.steps += 1
            return self.steps

        async def two_replies(self) -> Any:
            first = yield self.other.plain(1)
            second = yield self.other.plain(2)
            raise self.returned((first, second))

        async def a_tuple_of_replies(self) -> Any:
            replies = yield self.other.plain(1), self.other.plain(2), "as it is"
            raise self.returned(replies)

        async def an_error_is_thrown_in(self) -> Any:
            try:
                yield self.other.fail(KeyError("boom"))
            except KeyError:
                raise self.returned("caught") from None

        async def nothing_is_returned(self) -> Any:
            yield self.other.plain(1)

        async def let_others_in(self) -> Any:
            before = self.steps
            yield self.ref().bump()
            raise self.returned(self.steps - before)

        async def a_tuple_is_returned(self) -> Any:
            return self.other.plain(1), "as it is"

        def returned(self, value: Any) -> Any:
            return xo.Return(value)

    return Yielding


@pytest.mark.parametrize(
    ("method", "result"),
    [
        ("two_replies", ((1, None), (2, None))),
        ("a_tuple_of_replies", ((1, None), (2, None), "as it is")),
        ("an_error_is_thrown_in", "caught"),
        ("nothing_is_returned", None),
        ("let_others_in", 1),
        ("a_tuple_is_returned", ((1, None), "as it is")),
    ],
)
@pytest.mark.parametrize("local", [False, True])
def test_what_a_method_yields_or_returns_is_awaited_without_its_lock(
    face: Face, method: str, result: object, local: bool
) -> None:
    async def program() -> None:
        ref = await face.create(yielding(face.xo), await face.create(recorder(face.xo)))
        ref = await face.local(ref) if local else ref
        assert await getattr(ref, method)() == result

    face.run(program())


def test_a_stateless_actor_lets_a_method_wait_for_what_another_sets(face: Face) -> None:
    xo = face.xo

    class Signal(xo.StatelessActor):  # type: ignore[name-defined, misc]  # the base is one of two
        def __init__(self) -> None:
            super().__init__()
            self.event = asyncio.Event()

        async def wait(self) -> bool:
            return await self.event.wait()

        def set(self) -> None:
            self.event.set()

    async def program() -> None:
        ref = await face.create(Signal)
        assert list(await asyncio.gather(ref.wait(), ref.set())) == [True, None]

    face.run(program())


def test_a_pool_that_was_stopped_refuses_calls(face: Face) -> None:
    async def program() -> None:
        pool = await face.xo.create_actor_pool("127.0.0.1:0", n_process=0)
        ref = await face.xo.create_actor(recorder(face.xo), address=pool.external_address)
        await pool.stop()
        with pytest.raises(ConnectionRefusedError):
            await ref.plain(1)

    face.run(program())
