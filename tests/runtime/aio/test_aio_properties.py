"""Whatever happens, and whenever it is cancelled: nothing is left running, no bound is passed, no result is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from conclint_runtime.aio import ExceptionGroup, Periodic, SingleFlight, TaskSet, map_limited
from tests.runtime.aio.virtual_time import run


class Work(NamedTuple):
    """A piece of work: its time, that of its cleanup, whether it fails, whether it ignores a cancellation."""

    time: float
    cleanup: float
    fails: bool
    stubborn: bool


class FailedError(Exception):
    """What failing work raises."""


WORK = st.builds(Work, st.floats(0, 5), st.floats(0, 3), st.sampled_from([False, False, False, True]), st.booleans())
MOMENT = st.none() | st.floats(0, 8)


class Meter:
    """Counts the work under way."""

    def __init__(self) -> None:
        self.now = self.peak = 0

    async def do(self, work: Work) -> Work:
        self.now += 1
        self.peak = max(self.peak, self.now)
        try:
            try:
                await asyncio.sleep(work.time)
            except asyncio.CancelledError:
                await asyncio.sleep(work.cleanup)
                if not work.stubborn:
                    raise
            if work.fails:
                raise FailedError
            return work
        finally:
            self.now -= 1


async def outcome(main: Callable[[], Awaitable[object]], cancelled_at: float | None) -> object:
    """The result or error of `main`, cancelled at a time; asserts that it leaves no task behind."""
    loop = asyncio.get_running_loop()
    before = asyncio.all_tasks()
    task = asyncio.ensure_future(main())
    if cancelled_at is not None:
        loop.call_at(cancelled_at, task.cancel)
    await asyncio.wait([task])
    assert asyncio.all_tasks() == before, "tasks are left"
    if task.cancelled():
        return asyncio.CancelledError
    return task.exception() or task.result()


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.lists(WORK, max_size=8), st.integers(1, 4), st.booleans(), MOMENT)
def test_a_limited_map_gives_all_results_or_one_error_and_leaves_nothing_running(
    works: list[Work], limit: int, ordered: bool, cancelled_at: float | None
) -> None:
    meter = Meter()

    async def main() -> object:
        return await map_limited(meter.do, works, limit=limit, ordered=ordered)

    found = run(outcome(main, cancelled_at))
    assert (meter.now, meter.peak <= limit) == (0, True)
    if isinstance(found, list):
        assert found == works if ordered else sorted(found) == sorted(works)
    elif cancelled_at is None:
        assert isinstance(found, FailedError)
        assert any(work.fails for work in works)


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.lists(WORK, max_size=8), st.integers(1, 4), st.integers(0, 8), MOMENT)
def test_a_limited_map_that_is_left_early_leaves_nothing_running(
    works: list[Work], limit: int, enough: int, cancelled_at: float | None
) -> None:
    meter = Meter()

    async def main() -> None:
        read = 0
        async with map_limited(meter.do, works, limit=limit) as results:
            async for _ in results:
                read += 1
                if read > enough:
                    break

    run(outcome(main, cancelled_at))
    assert (meter.now, meter.peak <= limit) == (0, True)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.lists(WORK, max_size=8), st.integers(1, 4), st.sampled_from(["wait", "cancel"]), MOMENT)
def test_a_task_set_ends_with_every_task_accounted_for(
    works: list[Work], limit: int, at_exit: str, cancelled_at: float | None
) -> None:
    meter = Meter()
    tasks = TaskSet(limit=limit, at_exit="wait" if at_exit == "wait" else "cancel")

    async def main() -> None:
        async with tasks:
            for work in works:
                await tasks.create_task_when_free(meter.do(work))

    found = run(outcome(main, cancelled_at))
    counts = tasks.statistics()
    assert (meter.now, counts.running, counts.waiting, counts.peak <= limit) == (0, 0, 0, True)
    assert counts.started == counts.succeeded + counts.failed + counts.cancelled
    if isinstance(found, ExceptionGroup):
        assert len(found.exceptions) == counts.failed
    elif found is not asyncio.CancelledError:
        assert counts.failed == 0


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(WORK, st.lists(st.tuples(st.floats(0, 4), MOMENT), min_size=1, max_size=5))
def test_callers_of_a_shared_call_all_get_its_end_or_their_own_cancellation(
    work: Work, callers: list[tuple[float, float | None]]
) -> None:
    meter, flights = Meter(), SingleFlight()

    async def call(start: float, cancelled_at: float | None) -> object:
        async def one() -> object:
            await asyncio.sleep(start)
            return await flights.run("key", meter.do, work)

        task = asyncio.ensure_future(one())
        if cancelled_at is not None:
            asyncio.get_running_loop().call_at(cancelled_at, task.cancel)
        await asyncio.wait([task])
        return asyncio.CancelledError if task.cancelled() else task.exception() or task.result()

    async def main() -> list[object]:
        return list(await asyncio.gather(*(call(*caller) for caller in callers)))

    found = run(outcome(main, None))
    assert isinstance(found, list)
    for (_, cancelled_at), end in zip(callers, found, strict=True):
        expected = isinstance(end, FailedError) if work.fails else end == work
        assert expected or (end is asyncio.CancelledError and cancelled_at is not None)
    counts = flights.statistics()
    assert (meter.now, counts.flights, counts.waiting) == (0, 0, 0)


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(WORK, st.floats(0.1, 3), st.floats(0, 10), MOMENT)
def test_a_periodic_action_leaves_nothing_running_and_misses_exactly_the_times_it_overran(
    work: Work, period: float, until: float, cancelled_at: float | None
) -> None:
    meter = Meter()
    starts: list[float] = []

    async def action() -> None:
        starts.append(asyncio.get_running_loop().time())
        await meter.do(work)

    ticks = Periodic(action, period, on_error=lambda _: None)

    async def main() -> None:
        async with ticks:
            await asyncio.sleep(until)

    run(outcome(main, cancelled_at))
    assert meter.now == 0
    assert meter.peak <= 1
    numbers = [round(start / period) for start in starts]
    assert all(abs(start - number * period) < 1e-6 for start, number in zip(starts, numbers, strict=True))
    skipped = sum(later - earlier - 1 for earlier, later in pairwise(numbers))
    assert ticks.statistics().missed >= skipped
