"""References in asyncio programs and as futures, on every engine."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Ray

PATIENCE = 60


def test_a_reference_can_be_awaited(ray: Ray) -> None:
    @ray.remote
    def one() -> int:
        return 1

    async def program() -> Any:
        return await one.remote()

    assert asyncio.run(program()) == 1


def test_a_reference_can_be_awaited_many_times(ray: Ray) -> None:
    @ray.remote
    def one() -> int:
        return 1

    async def program() -> list[Any]:
        ref = one.remote()
        return [await ref, await ref]

    assert asyncio.run(program()) == [1, 1]


def test_references_can_be_gathered(ray: Ray) -> None:
    @ray.remote
    def square(n: int) -> int:
        return n * n

    async def program() -> list[Any]:
        return await asyncio.gather(*(square.remote(n) for n in range(4)))

    assert asyncio.run(program()) == [0, 1, 4, 9]


def test_the_error_of_an_awaited_call_is_of_its_own_class(ray: Ray) -> None:
    @ray.remote
    def fail() -> None:
        raise ValueError("boom")

    async def program() -> None:
        await fail.remote()

    with pytest.raises(ValueError, match="boom") as caught:
        asyncio.run(program())
    assert isinstance(caught.value, ray.exceptions.RayTaskError)


def test_a_reference_becomes_a_task_by_ensure_future(ray: Ray) -> None:
    async def program() -> tuple[bool, Any]:
        task = asyncio.ensure_future(ray.put(1))
        return isinstance(task, asyncio.Task), await task

    assert asyncio.run(program()) == (True, 1)


def test_create_task_of_a_reference_is_a_type_error(ray: Ray) -> None:
    async def program() -> None:
        await asyncio.create_task(ray.put(1))

    with pytest.raises(TypeError, match="a coroutine was expected"):
        asyncio.run(program())


def test_cancelling_what_awaits_does_not_cancel_the_call(gate: Any) -> None:
    async def program() -> Any:
        ref = gate.wait.remote()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(ref, 0.01)
        gate.open.remote()
        return await ref

    assert asyncio.run(program()) == "opened"


def test_the_future_of_a_reference_is_one_of_concurrent_futures(ray: Ray) -> None:
    future = ray.put(1).future()
    assert isinstance(future, concurrent.futures.Future)
    assert future.result(PATIENCE) == 1


def test_the_future_of_a_failed_call_raises_its_error(ray: Ray) -> None:
    @ray.remote
    def fail() -> None:
        raise ValueError("boom")

    with pytest.raises(ValueError, match="boom"):
        fail.remote().future().result(PATIENCE)


def test_cancelling_the_future_does_not_cancel_the_call(ray: Ray, gate: Any) -> None:
    ref = gate.wait.remote()
    assert ref.future().cancel()
    gate.open.remote()
    assert ray.get(ref, timeout=PATIENCE) == "opened"


def test_the_result_of_a_future_that_is_late_is_a_timeout(gate: Any) -> None:
    with pytest.raises(concurrent.futures.TimeoutError):
        gate.wait.remote().future().result(0.01)
    gate.open.remote()


def test_futures_can_be_taken_as_they_complete(ray: Ray) -> None:
    @ray.remote
    def square(n: int) -> int:
        return n * n

    futures = [square.remote(n).future() for n in range(4)]
    assert sorted(each.result() for each in concurrent.futures.as_completed(futures, PATIENCE)) == [0, 1, 4, 9]


def test_a_future_can_be_wrapped_for_asyncio(ray: Ray) -> None:
    @ray.remote
    def one() -> int:
        return 1

    async def program() -> Any:
        return await asyncio.wrap_future(one.remote().future())

    assert asyncio.run(program()) == 1


def test_a_stream_is_read_by_async_for(ray: Ray) -> None:
    @ray.remote
    def count(n: int) -> Iterator[int]:
        for number in range(n):  # noqa: UP028 - Ray drives it by `send`, which a range has not
            yield number

    async def program() -> list[Any]:
        return [await ref async for ref in count.remote(3)]

    assert asyncio.run(program()) == [0, 1, 2]


def test_a_blocking_get_in_an_async_actor(ray: Ray, unless_refused: Any) -> None:
    class Blocking:
        async def block(self, other: Any) -> Any:
            return ray.get(other.hello.remote())

    class Other:
        def hello(self) -> str:
            return "hello"

    with unless_refused("blocking in an async actor"):
        actor = ray.remote(Blocking).remote()
        assert ray.get(actor.block.remote(ray.remote(Other).remote()), timeout=PATIENCE) == "hello"
