"""`util.ActorPool` and `util.queue.Queue`."""

from __future__ import annotations

import asyncio
import queue

import pytest

import conclint_runtime as ray
from conclint_runtime.util import ActorPool
from conclint_runtime.util.actor_pool import PoolStatistics
from conclint_runtime.util.queue import Empty, Full, Queue, QueueStatistics
from tests.runtime.actors.gates import Gate


class Doubler:
    def double(self, number: int) -> int:
        return 2 * number

    def pass_gate(self, gate: Gate) -> str:
        gate.pass_through()
        return "held"

    def boom(self, text: str) -> None:
        raise ValueError(text)


def _pool(size: int = 2) -> ActorPool[int]:
    return ActorPool([ray.remote(Doubler).remote() for _ in range(size)])


def test_map_gives_results_in_order() -> None:
    assert list(_pool().map(lambda actor, number: actor.double.remote(number), range(10))) == list(range(0, 20, 2))


def test_map_unordered_gives_every_result() -> None:
    results = _pool().map_unordered(lambda actor, number: actor.double.remote(number), range(10))
    assert sorted(results) == list(range(0, 20, 2))


def test_results_come_in_the_order_of_submission(gate: Gate) -> None:
    pool: ActorPool[object] = ActorPool([ray.remote(Doubler).remote() for _ in range(2)])
    pool.submit(lambda actor, value: actor.pass_gate.remote(value), gate)
    pool.submit(lambda actor, value: actor.double.remote(value), 2)
    with pytest.raises(TimeoutError):
        pool.get_next(timeout=0)
    assert pool.get_next_unordered() == 4
    gate.open()
    assert pool.get_next_unordered() == "held"
    assert not pool.has_next()


def test_asking_in_order_after_out_of_order_is_refused(gate: Gate) -> None:
    pool: ActorPool[object] = ActorPool([ray.remote(Doubler).remote() for _ in range(2)])
    pool.submit(lambda actor, value: actor.pass_gate.remote(value), gate)
    pool.submit(lambda actor, value: actor.double.remote(value), 2)
    pool.get_next_unordered()
    with pytest.raises(ValueError, match="not allowed to call get_next"):
        pool.get_next()
    gate.open()


def test_a_pool_counts_its_actors_and_what_waits(gate: Gate) -> None:
    pool: ActorPool[Gate] = ActorPool([ray.remote(Doubler).remote() for _ in range(2)])
    for _ in range(3):
        pool.submit(lambda actor, value: actor.pass_gate.remote(value), gate)
    assert pool.statistics() == PoolStatistics(idle=0, busy=2, waiting=1)
    gate.open()
    assert [pool.get_next() for _ in range(3)] == ["held"] * 3
    assert pool.statistics() == PoolStatistics(idle=2, busy=0, waiting=0)


def test_a_queue_counts_what_went_through() -> None:
    items: Queue[int] = Queue(maxsize=5)
    items.put_nowait_batch([1, 2, 3])
    items.get()
    items.get_nowait()
    assert items.statistics() == QueueStatistics(size=1, maxsize=5, puts=3, gets=2)


def test_nothing_left_is_the_end() -> None:
    with pytest.raises(StopIteration, match="No more results"):
        _pool().get_next()


def test_an_error_arrives_with_its_result_and_the_actor_is_free_again() -> None:
    pool: ActorPool[str] = ActorPool([ray.remote(Doubler).remote()])
    pool.submit(lambda actor, text: actor.boom.remote(text), "no")
    with pytest.raises(ValueError, match="no"):
        pool.get_next()
    assert pool.has_free()


def test_actors_can_be_taken_out_and_put_in() -> None:
    pool = _pool(1)
    actor = pool.pop_idle()
    assert actor is not None
    assert pool.pop_idle() is None
    pool.push(actor)
    with pytest.raises(ValueError, match="already belongs"):
        pool.push(actor)
    assert list(pool.map(lambda actor, number: actor.double.remote(number), [1])) == [2]


def test_a_queue_is_first_in_first_out() -> None:
    items: Queue[int] = Queue()
    for number in range(3):
        items.put(number)
    assert (len(items), items.qsize(), items.empty()) == (3, 3, False)
    assert [items.get() for _ in range(3)] == [0, 1, 2]
    assert items.empty()


def test_a_full_queue_has_no_room_and_an_empty_one_no_item() -> None:
    items: Queue[int] = Queue(maxsize=1)
    with pytest.raises(Empty):
        items.get_nowait()
    items.put_nowait(1)
    assert items.full()
    with pytest.raises(Full):
        items.put(2, block=False)
    with pytest.raises(Full):
        items.put(2, timeout=0.001)
    assert items.get(timeout=1) == 1
    with pytest.raises(Empty):
        items.get(timeout=0.001)


def test_its_errors_are_those_of_the_standard_queue() -> None:
    assert issubclass(Empty, queue.Empty)
    assert issubclass(Full, queue.Full)


@pytest.mark.parametrize("method", ["put", "get"])
def test_a_negative_timeout_is_refused(method: str) -> None:
    items: Queue[int] = Queue()
    with pytest.raises(ValueError, match="non-negative"):
        items.put(1, timeout=-1) if method == "put" else items.get(timeout=-1)


def test_batches_are_whole_or_not_at_all() -> None:
    items: Queue[int] = Queue(maxsize=3)
    items.put_nowait_batch([1, 2])
    with pytest.raises(Full):
        items.put_nowait_batch([3, 4])
    with pytest.raises(Empty):
        items.get_nowait_batch(3)
    assert items.get_nowait_batch(2) == [1, 2]


def test_a_waiting_get_is_served_by_a_later_put() -> None:
    items: Queue[str] = Queue()

    @ray.remote
    def take(source: list[Queue[str]]) -> str:
        return source[0].get()

    taken = take.remote([items])
    items.put("late")
    assert ray.get(taken) == "late"


def test_a_queue_works_with_await() -> None:
    async def main() -> list[int]:
        items: Queue[int] = Queue(maxsize=1)
        await items.put_async(1)
        with pytest.raises(Full):
            await items.put_async(2, block=False)
        first = await items.get_async()
        with pytest.raises(Empty):
            await items.get_async(block=False)
        return [first]

    assert asyncio.run(main()) == [1]


@pytest.mark.parametrize("force", [False, True])
def test_a_queue_that_was_shut_down_has_no_actor(force: bool) -> None:
    items: Queue[int] = Queue()
    items.put(1)
    items.shutdown(force=force)
    assert items.actor is None
