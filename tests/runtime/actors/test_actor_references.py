"""References: awaited, turned into futures, cancelled locally, used after shutdown."""

from __future__ import annotations

import asyncio
import concurrent.futures
import sys
import threading
from collections.abc import Callable, Coroutine

import pytest

import conclint_runtime as ray
from conclint_runtime.exceptions import RayTaskError
from tests.runtime.actors.gates import PATIENCE, Gate


@ray.remote
def one() -> int:
    return 1


@ray.remote
def pass_gate(gate: Gate) -> int:
    gate.pass_through()
    return 2


@ray.remote
def boom() -> None:
    raise ValueError("boom")


def test_a_reference_can_be_awaited_again_and_again() -> None:
    ref = one.remote()

    async def main() -> list[int]:
        return [await ref, await ref, await asyncio.ensure_future(ref)]

    assert asyncio.run(main()) == [1, 1, 1]


def test_gather_as_completed_and_wait_for_take_references() -> None:
    async def main() -> list[object]:
        gathered = await asyncio.gather(*[one.remote() for _ in range(3)])
        completed = [await item for item in asyncio.as_completed([one.remote(), one.remote()])]
        return [gathered, completed, await asyncio.wait_for(one.remote(), PATIENCE)]

    assert asyncio.run(main()) == [[1, 1, 1], [1, 1], 1]


def test_many_tasks_may_await_one_reference(gate: Gate) -> None:
    ref = pass_gate.remote(gate)

    async def main() -> list[int]:
        async def ask() -> int:
            return int(await ref)

        tasks = [asyncio.create_task(ask()) for _ in range(10)]
        await asyncio.sleep(0)
        gate.open()
        return list(await asyncio.gather(*tasks))

    assert asyncio.run(main()) == [2] * 10


def test_wrap_future_of_the_future_is_awaitable() -> None:
    async def main() -> object:
        return await asyncio.wrap_future(one.remote().future())

    assert asyncio.run(main()) == 1


@pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio.wait made tasks of awaitables before 3.11")
def test_asyncio_wait_refuses_a_reference_as_on_ray() -> None:
    async def main() -> None:
        await asyncio.wait([one.remote()])  # conclint: ignore[CON208] the error is what the test is about

    with pytest.raises(AttributeError, match="add_done_callback"):
        asyncio.run(main())


def test_asyncio_wait_takes_a_task_of_a_reference() -> None:
    async def main() -> int:
        done, _ = await asyncio.wait([asyncio.ensure_future(one.remote())])
        return int(done.pop().result())

    assert asyncio.run(main()) == 1


@pytest.mark.parametrize("run", [asyncio.run, lambda ref: asyncio.run(_create_task(ref))])
def test_a_reference_is_no_coroutine(run: Callable[[Coroutine[object, object, None]], None]) -> None:
    with pytest.raises((TypeError, ValueError), match="a coroutine was expected"):
        run(one.remote())


async def _create_task(ref: Coroutine[object, object, None]) -> None:
    await asyncio.create_task(ref)


def test_cancelling_what_awaits_leaves_the_call_alone(gate: Gate) -> None:
    ref = pass_gate.remote(gate)

    async def main() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(ref, 0)
        task = asyncio.ensure_future(ref)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    gate.open()
    assert ray.get(ref) == 2


def test_a_result_that_comes_after_the_loop_has_closed_disturbs_nobody(gate: Gate) -> None:
    ref = pass_gate.remote(gate)
    loop = asyncio.new_event_loop()

    async def wait_for_it() -> None:
        await ref

    task = loop.create_task(wait_for_it())
    loop.run_until_complete(asyncio.sleep(0))
    task.cancel()
    loop.run_until_complete(asyncio.wait([task]))
    loop.close()
    gate.open()
    assert ray.get(ref) == 2


def test_the_future_is_a_concurrent_future_with_the_result() -> None:
    futures = [one.remote().future() for _ in range(4)]
    assert all(isinstance(future, concurrent.futures.Future) for future in futures)
    assert [future.result(PATIENCE) for future in concurrent.futures.as_completed(futures)] == [1] * 4


def test_the_future_of_a_failed_call_raises_the_original_kind() -> None:
    future = boom.remote().future()
    assert isinstance(future.exception(PATIENCE), (RayTaskError, ValueError))
    with pytest.raises(ValueError, match="boom"):
        future.result()


def test_a_future_times_out_with_the_builtin_error(gate: Gate) -> None:
    with pytest.raises(concurrent.futures.TimeoutError):
        pass_gate.remote(gate).future().result(timeout=0)


def test_cancelling_the_future_leaves_the_call_alone(gate: Gate) -> None:
    ref = pass_gate.remote(gate)
    assert ref.future().cancel()
    gate.open()
    assert ray.get(ref) == 2


def test_a_callback_of_a_future_may_ask_the_actor_again() -> None:
    class Counter:
        def __init__(self) -> None:
            self.count = 0

        def increment(self) -> int:
            self.count += 1
            return self.count

    actor, seen = ray.remote(Counter).remote(), concurrent.futures.Future[int]()
    first = actor.increment.remote().future()
    first.add_done_callback(lambda _: seen.set_result(ray.get(actor.increment.remote())))
    assert seen.result(PATIENCE) == 2


def test_as_future_works_and_says_that_it_is_deprecated(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> object:
        return await one.remote().as_future()

    assert asyncio.run(main()) == 1
    assert "deprecated" in caplog.text


def test_a_reference_prints_and_compares_by_identity() -> None:
    ref = one.remote()
    assert repr(ref) == f"ObjectRef({ref.hex()})"
    assert len(ref.binary()) * 2 == len(ref.hex())
    assert ref == ref  # noqa: PLR0124 - what is tested
    assert ref != one.remote()
    assert ref != 1
    assert not ref.is_nil()


def test_get_works_in_many_threads() -> None:
    ref, seen = one.remote(), list[int]()
    threads = [threading.Thread(target=lambda: seen.append(ray.get(ref))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert seen == [1] * 8


def test_references_cannot_be_used_after_shutdown() -> None:
    ref = ray.put(1)
    ray.shutdown()
    with pytest.raises(ValueError, match="owner is unknown"):
        ray.get(ref)


def test_a_reference_that_was_awaited_in_an_actor_wakes_its_task() -> None:
    class Asker:
        async def ask(self, refs: list[ray.ObjectRef[int]]) -> int:
            return await refs[0]

    door = Gate()
    asked = ray.remote(Asker).remote().ask.remote([pass_gate.remote(door)])
    door.arrived()
    door.open()
    assert ray.get(asked) == 2
