"""An action at regular times."""

from __future__ import annotations

import asyncio

import pytest

from conclint_runtime.aio import CancelledFromWithinError, ClosedError, Periodic, PeriodicStatistics, TaskGroup
from conclint_runtime.aio import ExceptionGroup as Group
from tests.runtime.aio.virtual_time import run, unhandled


def clock() -> float:
    return asyncio.get_running_loop().time()


def test_the_times_do_not_drift_with_the_length_of_the_action() -> None:
    async def main() -> list[float]:
        starts: list[float] = []

        async def action() -> None:
            starts.append(clock())
            await asyncio.sleep(0.4)

        async with Periodic(action, 1.0):
            await asyncio.sleep(3.5)
        return starts

    assert run(main()) == [0, 1, 2, 3]


def test_a_plain_function_will_do() -> None:
    async def main() -> list[float]:
        starts: list[float] = []
        async with Periodic(lambda: starts.append(clock()), 1.0):
            await asyncio.sleep(1.5)
        return starts

    assert run(main()) == [0, 1]


def test_the_first_time_can_be_later() -> None:
    async def main() -> list[float]:
        starts: list[float] = []
        async with Periodic(lambda: starts.append(clock()), 1.0, delay=0.5):
            await asyncio.sleep(2)
        return starts

    assert run(main()) == [0.5, 1.5]


def test_times_that_pass_during_a_run_are_missed_and_counted() -> None:
    async def main() -> tuple[list[float], int]:
        starts: list[float] = []

        async def action() -> None:
            starts.append(clock())
            await asyncio.sleep(2.5)

        async with Periodic(action, 1.0) as ticks:
            await asyncio.sleep(4)
        return starts, ticks.statistics().missed

    assert run(main()) == ([0, 3], 4)


@pytest.mark.parametrize("period", [1.0, 0.1, 0.7])
def test_a_run_that_takes_exactly_a_period_misses_nothing(period: float) -> None:
    async def main() -> tuple[int, int]:
        async with Periodic(lambda: asyncio.sleep(period), period) as ticks:
            await asyncio.sleep(99.5 * period)
        return ticks.statistics().runs, ticks.statistics().missed

    assert run(main()) == (100, 0)


def test_leaving_the_block_lets_the_run_under_way_end_and_starts_no_other() -> None:
    async def main() -> list[str]:
        said: list[str] = []

        async def action() -> None:
            said.append("begun")
            await asyncio.sleep(10)
            said.append("ended")

        async with Periodic(action, 1.0):
            await asyncio.sleep(0.5)
        return said

    assert run(main()) == ["begun", "ended"]


def test_leaving_the_block_by_an_error_cancels_the_run_and_waits_for_its_cleanup() -> None:
    async def main() -> tuple[list[str], float]:
        said: list[str] = []

        async def action() -> None:
            try:
                await asyncio.sleep(10)
            finally:
                await asyncio.sleep(1)
                said.append("cleaned up")

        async def block() -> None:
            async with Periodic(action, 1.0):
                await asyncio.sleep(0.5)
                raise KeyError

        with pytest.raises(KeyError):
            await block()
        return said, clock()

    assert run(main()) == (["cleaned up"], 1.5)


def test_cancelling_the_end_of_the_block_cancels_the_run() -> None:
    async def main() -> tuple[bool, float]:
        async def block() -> None:
            async with Periodic(lambda: asyncio.sleep(100), 1.0):
                await asyncio.sleep(0.5)

        task = asyncio.create_task(block())
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled(), clock()

    assert run(main()) == (True, 1)


def test_an_action_that_raises_does_not_end_it() -> None:
    async def main() -> tuple[int, int]:
        def action() -> None:
            raise KeyError

        async with Periodic(action, 1.0) as ticks:
            await asyncio.sleep(2.5)
        return ticks.statistics().runs, ticks.statistics().failed

    assert run(main()) == (3, 3)


def test_an_error_is_told_to_the_loop() -> None:
    async def main() -> list[str]:
        def action() -> None:
            raise KeyError("tick")

        async with Periodic(action, 1.0):
            await asyncio.sleep(0.5)
        return [repr(error) for error in unhandled()]

    assert run(main()) == ["KeyError('tick')"]


def test_a_handler_gets_the_errors_instead() -> None:
    async def main() -> list[str]:
        told: list[str] = []

        def action() -> None:
            raise KeyError("tick")

        async with Periodic(action, 1.0, on_error=lambda error: told.append(repr(error))):
            await asyncio.sleep(0.5)
        return told + [repr(error) for error in unhandled()]

    assert run(main()) == ["KeyError('tick')"]


def test_a_handler_that_raises_does_not_end_it() -> None:
    async def main() -> tuple[int, list[str]]:
        def action() -> None:
            raise KeyError("tick")

        def handler(_: BaseException) -> None:
            raise OSError("handler")

        async with Periodic(action, 1.0, on_error=handler) as ticks:
            await asyncio.sleep(1.5)
        return ticks.statistics().runs, [repr(error) for error in unhandled()]

    assert run(main()) == (2, ["OSError('handler')"] * 2)


def test_the_first_error_ends_it_when_told_so() -> None:
    async def main() -> PeriodicStatistics:
        def action() -> None:
            raise KeyError("tick")

        ticks = Periodic(action, 1.0, stop_on_error=True)
        with pytest.raises(KeyError):
            async with ticks:
                await asyncio.sleep(5)
        return ticks.statistics()

    assert run(main()).runs == 1


def test_an_action_that_cancels_itself_does_not_end_it() -> None:
    async def main() -> tuple[int, list[type[BaseException]]]:
        async def action() -> None:
            raise asyncio.CancelledError

        async with Periodic(action, 1.0) as ticks:
            await asyncio.sleep(1.5)
        return ticks.statistics().runs, [type(error) for error in unhandled()]

    assert run(main()) == (2, [CancelledFromWithinError] * 2)


def test_it_runs_in_a_task_group_until_it_is_stopped() -> None:
    async def main() -> int:
        ticks = Periodic(lambda: None, 1.0)
        async with TaskGroup() as group:
            group.create_task(ticks.run())
            await asyncio.sleep(2.5)
            ticks.stop()
        return ticks.statistics().runs

    assert run(main()) == 3


def test_in_a_task_group_its_error_ends_the_group() -> None:
    async def main() -> None:
        def action() -> None:
            raise KeyError("tick")

        async with TaskGroup() as group:
            group.create_task(Periodic(action, 1.0, stop_on_error=True).run())
            await asyncio.sleep(100)

    with pytest.raises(Group) as caught:
        run(main())
    assert repr(caught.value.exceptions[0]) == "KeyError('tick')"


def test_a_second_start_is_refused() -> None:
    async def main() -> None:
        ticks = Periodic(lambda: None, 1.0)
        async with ticks:
            pass
        with pytest.raises(ClosedError):
            await ticks.run()

    run(main())


@pytest.mark.parametrize("period", [0.0, -1.0, float("nan")])
def test_a_period_that_never_passes_is_refused(period: float) -> None:
    with pytest.raises(ValueError, match="more than 0 seconds"):
        Periodic(lambda: None, period)


def test_an_action_that_was_called_instead_of_passed_is_refused() -> None:
    with pytest.raises(TypeError, match="pass the function itself"):
        Periodic(None, 1.0)  # type: ignore[arg-type]  # the mistake that is to be found
