"""Generators as streams of references."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import AsyncIterator, Iterator

import pytest

import conclint_runtime as ray
from tests.runtime.actors.gates import PATIENCE, Gate


@ray.remote
def count(to: int) -> Iterator[int]:
    yield from range(to)


@ray.remote
def count_then_fail(to: int) -> Iterator[int]:
    yield from range(to)
    raise ValueError("boom")


@ray.remote
def one_by_one(gate: Gate) -> Iterator[int]:
    yield 1
    gate.pass_through()
    yield 2


class Source:
    def numbers(self, to: int) -> Iterator[int]:
        yield from range(to)


class AsyncSource(Source):
    async def awaited(self, to: int) -> AsyncIterator[int]:
        for number in range(to):
            await asyncio.sleep(0)
            yield number


def test_a_generator_gives_a_reference_to_each_item() -> None:
    stream = count.remote(4)
    assert isinstance(stream, ray.ObjectRefGenerator)
    assert [ray.get(ref) for ref in stream] == [0, 1, 2, 3]
    assert stream.is_finished()


@pytest.mark.parametrize(
    ("cls", "method", "options"),
    [(Source, "numbers", {}), (Source, "numbers", {"max_concurrency": 2}), (AsyncSource, "numbers", {}),
     (AsyncSource, "awaited", {})],
)  # fmt: skip
def test_generator_methods_of_every_kind_of_actor_stream(cls: type, method: str, options: dict[str, int]) -> None:
    actor = ray.remote(cls).options(**options).remote()
    assert [ray.get(ref) for ref in getattr(actor, method).remote(5)] == [0, 1, 2, 3, 4]


def test_items_arrive_while_the_producer_runs(gate: Gate) -> None:
    stream = one_by_one.remote(gate)
    assert ray.get(next(stream)) == 1
    gate.arrived()
    assert not stream.next_ready()
    assert not stream.is_finished()
    gate.open()
    assert ray.get(next(stream)) == 2
    with pytest.raises(StopIteration):
        next(stream)


def test_the_error_is_a_last_reference() -> None:
    refs = list(count_then_fail.remote(2))
    assert ray.get(refs[:2]) == [0, 1]
    assert len(refs) == 3
    with pytest.raises(ValueError, match="boom"):
        ray.get(refs[2])


def test_a_stream_can_be_read_by_async_for() -> None:
    async def main() -> list[int]:
        seen = [await ref async for ref in count.remote(3)]
        with pytest.raises(StopAsyncIteration):
            await count.remote(0).__anext__()
        return seen

    assert asyncio.run(main()) == [0, 1, 2]


def test_completed_is_ready_at_the_end_and_raises_the_error(gate: Gate) -> None:
    stream = one_by_one.remote(gate)
    assert ray.wait([stream.completed()], timeout=0)[0] == []
    gate.open()
    assert ray.get(stream.completed()) is None
    with pytest.raises(ValueError, match="boom"):
        ray.get(count_then_fail.remote(1).completed())


def test_get_gives_a_stream_back_as_it_is() -> None:
    stream = count.remote(1)
    assert ray.get(stream) is stream
    assert ray.get(next(stream)) == 0


def test_wait_takes_a_stream_that_has_an_item(gate: Gate) -> None:
    stream = one_by_one.remote(gate)
    assert ray.wait([stream]) == ([stream], [])
    next(stream)
    assert ray.wait([stream], timeout=0) == ([], [stream])
    gate.open()
    assert ray.wait([stream]) == ([stream], [])


def test_backpressure_stops_the_producer_until_an_item_is_read() -> None:
    produced: list[int] = []
    third = threading.Event()

    @ray.remote
    def produce() -> Iterator[int]:
        for number in range(4):
            produced.append(number)
            if number == 2:
                third.set()
            yield number

    stream = produce.options(_generator_backpressure_num_objects=1).remote()
    assert ray.get(next(stream)) == 0
    assert ray.wait([stream]) == ([stream], [])
    assert third.wait(PATIENCE)
    assert produced == [0, 1, 2]  # one is unread, one waits for room
    assert [ray.get(ref) for ref in stream] == [1, 2, 3]


def test_a_producer_goes_on_when_its_reader_is_gone() -> None:
    ended = threading.Event()

    @ray.remote
    def produce() -> Iterator[int]:
        yield from range(5)
        ended.set()

    stream = produce.options(_generator_backpressure_num_objects=1).remote()
    next(stream)
    del stream
    gc.collect()
    assert ended.wait(PATIENCE)


def test_a_stream_cannot_be_pickled() -> None:
    import pickle

    with pytest.raises(TypeError, match="You cannot return or pass a generator"):
        pickle.dumps(count.remote(1))
    with pytest.raises(TypeError, match="You cannot return or pass a generator"):
        ray.put([count.remote(1)])


def test_a_stream_has_no_length() -> None:
    with pytest.raises(TypeError, match="len"):
        len(count.remote(1))


def test_a_stream_can_be_cancelled(gate: Gate) -> None:
    stream = one_by_one.remote(gate)
    gate.arrived()
    ray.cancel(stream)
    refs = list(stream)
    with pytest.raises(ray.exceptions.TaskCancelledError):
        ray.get(refs[-1])


def test_a_generator_with_a_number_of_results_gives_that_many_references() -> None:
    assert ray.get(count.options(num_returns=3).remote(3)) == [0, 1, 2]
    assert ray.get(count.options(num_returns=1).remote(3)) == 0


def test_a_function_that_is_told_to_stream_must_be_a_generator() -> None:
    refs = list(ray.remote(len).options(num_returns="streaming").remote([1]))
    with pytest.raises(TypeError, match="was declared to stream, but returned int"):
        ray.get(refs[0])
