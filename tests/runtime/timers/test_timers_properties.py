"""Both schedulers run what `sched.scheduler` runs, in the order in which it does."""

from __future__ import annotations

import asyncio
import sched

from hypothesis import given, settings
from hypothesis import strategies as st

from conclint_runtime.timers import AsyncScheduler, Scheduler
from tests.runtime.aio.virtual_time import run

# An event: its time, its priority, how long its action takes, and the delay of the event that its action enters.
EVENTS = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 2), st.sampled_from([0, 0, 2]), st.none() | st.integers(0, 3)),
    max_size=8,
)
Trace = list[tuple[float, int]]


class Clock:
    """A clock that moves when something sleeps by it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def trace_of(kind: type[sched.scheduler], events: list[tuple[int, int, int, int | None]], *, blocking: bool) -> Trace:
    clock, ran = Clock(), Trace()
    scheduler = kind(clock, clock.sleep)

    def action(number: int, takes: int, then: int | None) -> None:
        ran.append((clock.now, number))
        clock.sleep(takes)
        if then is not None:
            scheduler.enter(then, 0, action, (number + 100, 0, None))

    for number, (time, priority, takes, then) in enumerate(events):
        scheduler.enterabs(time, priority, action, (number, takes, then))
    if blocking:
        scheduler.run()
    else:
        while (remaining := scheduler.run(blocking=False)) is not None:
            clock.sleep(remaining)
    return ran


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(EVENTS, st.booleans())
def test_the_thread_scheduler_runs_the_same_at_the_same_times(
    events: list[tuple[int, int, int, int | None]], blocking: bool
) -> None:
    assert trace_of(Scheduler, events, blocking=blocking) == trace_of(sched.scheduler, events, blocking=True)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(EVENTS, st.sets(st.integers(0, 7)))
def test_cancelling_any_events_leaves_the_others_in_order(
    events: list[tuple[int, int, int, int | None]], cancelled: set[int]
) -> None:
    def left(scheduler: sched.scheduler) -> list[tuple[float, int, int]]:
        ran: list[tuple[float, int, int]] = []
        entered = [
            scheduler.enterabs(time, priority, lambda *event: ran.append(event), (time, priority, number))
            for number, (time, priority, *_) in enumerate(events)
        ]
        for number, event in enumerate(entered):
            if number in cancelled:
                scheduler.cancel(event)
        scheduler.run()
        return ran

    clock, other = Clock(), Clock()
    assert left(Scheduler(clock, clock.sleep)) == left(sched.scheduler(other, other.sleep))


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(EVENTS)
def test_the_async_scheduler_with_one_place_runs_the_same_at_the_same_times(
    events: list[tuple[int, int, int, int | None]],
) -> None:
    async def main() -> Trace:
        scheduler, ran = AsyncScheduler(max_running=1), Trace()

        async def action(number: int, takes: int, then: int | None) -> None:
            ran.append((asyncio.get_running_loop().time(), number))
            await asyncio.sleep(takes)
            if then is not None:
                scheduler.enter(then, 0, action, (number + 100, 0, None))

        for number, (time, priority, takes, then) in enumerate(events):
            scheduler.enterabs(time, priority, action, (number, takes, then))
        await scheduler.run()
        return ran

    assert run(main()) == trace_of(sched.scheduler, events, blocking=True)
