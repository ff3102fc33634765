"""Under a task factory that starts tasks at once (Python 3.12), where a task may end before it is returned."""

from __future__ import annotations

import asyncio
import sys

import pytest

from conclint_runtime.aio import (
    CancelledFromWithinError,
    ExceptionGroup,
    Periodic,
    SingleFlight,
    TaskSet,
    WaitsForItselfError,
    gather_limited,
    map_limited,
)
from conclint_runtime.timers import AsyncScheduler
from tests.runtime.aio.virtual_time import run

pytestmark = pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with Python 3.12")


async def at_once(number: int) -> int:
    return number


async def fail() -> int:
    raise KeyError


async def cancels_itself() -> int:
    raise asyncio.CancelledError


def test_a_limited_map_gives_its_results() -> None:
    async def main() -> list[int]:
        return await map_limited(at_once, range(5), limit=2)

    assert run(main(), eager=True) == [0, 1, 2, 3, 4]


def test_a_limited_map_raises_the_error_of_its_input() -> None:
    async def main() -> list[int]:
        return await map_limited(abs, [1], limit=1)  # type: ignore[arg-type]  # the mistake that is to be found

    with pytest.raises(TypeError, match="cannot be awaited"):
        run(main(), eager=True)


def test_a_limited_gather_raises_the_first_error() -> None:
    async def main() -> list[int]:
        return await gather_limited([at_once(1), fail()], limit=2)

    with pytest.raises(KeyError):
        run(main(), eager=True)


def test_a_limited_gather_tells_a_cancellation_from_within() -> None:
    async def main() -> list[int]:
        return await gather_limited([cancels_itself()], limit=2)

    with pytest.raises(CancelledFromWithinError):
        run(main(), eager=True)


def test_a_task_set_reports_the_error_of_a_task_that_ended_at_once() -> None:
    async def main() -> None:
        async with TaskSet() as tasks:
            tasks.create_task(fail())

    with pytest.raises(ExceptionGroup):
        run(main(), eager=True)


def test_a_task_that_would_wait_for_itself_is_refused() -> None:
    async def main() -> None:
        async with TaskSet() as tasks:
            tasks.create_task(asyncio.sleep(1))
            await tasks.create_task(tasks.join())

    with pytest.raises(WaitsForItselfError):
        run(main(), eager=True)


def test_a_shared_call_that_asks_for_its_own_key_is_refused() -> None:
    async def main() -> None:
        flights = SingleFlight()

        async def again() -> None:
            await flights.run("a", again)

        await flights.run("a", again)

    with pytest.raises(WaitsForItselfError):
        run(main(), eager=True)


def test_a_shared_call_that_ends_at_once_is_not_joined_later() -> None:
    async def main() -> list[int]:
        flights = SingleFlight()
        return [await flights.run("a", at_once, number) for number in range(3)]

    assert run(main(), eager=True) == [0, 1, 2]


def test_a_periodic_action_runs_at_its_times() -> None:
    async def main() -> int:
        async with Periodic(lambda: None, 1.0) as ticks:
            await asyncio.sleep(2.5)
        return ticks.statistics().runs

    assert run(main(), eager=True) == 3


def test_the_async_scheduler_runs_its_events() -> None:
    async def main() -> list[str]:
        scheduler, ran = AsyncScheduler(max_running=1), list[str]()
        scheduler.enter(2, 0, ran.append, ("second",))
        scheduler.enter(1, 0, ran.append, ("first",))
        await scheduler.run()
        return ran

    assert run(main(), eager=True) == ["first", "second"]
