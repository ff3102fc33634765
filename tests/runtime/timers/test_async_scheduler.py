"""The scheduler on an event loop: order, waking, errors, cancellation."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from conclint_runtime.aio import AioError, CancelledFromWithinError, ExceptionGroup
from conclint_runtime.timers import AsyncScheduler
from tests.runtime.aio.virtual_time import run

SAFETY_NET = 20.0
LONG = 3600.0


def boom() -> None:
    raise KeyError("boom")


def now() -> float:
    return asyncio.get_running_loop().time()


def test_events_run_at_their_times() -> None:
    async def main() -> list[float]:
        scheduler, ran = AsyncScheduler(), list[float]()
        for delay in (3, 1, 2):
            scheduler.enter(delay, 0, lambda: ran.append(now()))
        await scheduler.run()
        return ran

    assert run(main()) == [1, 2, 3]


def test_of_one_time_the_lower_priority_number_runs_first() -> None:
    async def main() -> list[str]:
        scheduler, ran = AsyncScheduler(), list[str]()
        scheduler.enterabs(1, 10, ran.append, ("ten",))
        scheduler.enterabs(1, 1, ran.append, ("one",))
        await scheduler.run()
        return ran

    assert run(main()) == ["one", "ten"]


def test_an_action_that_awaits_delays_no_other() -> None:
    async def main() -> list[float]:
        scheduler, ran = AsyncScheduler(), list[float]()
        scheduler.enter(1, 0, asyncio.sleep, (10,))
        scheduler.enter(2, 0, lambda: ran.append(now()))
        await scheduler.run()
        return ran

    assert run(main()) == [2]


def test_with_one_place_the_actions_run_one_after_the_other() -> None:
    async def main() -> list[float]:
        scheduler, ran = AsyncScheduler(max_running=1), list[float]()
        scheduler.enter(1, 0, asyncio.sleep, (10,))
        scheduler.enter(2, 0, lambda: ran.append(now()))
        await scheduler.run()
        return ran

    assert run(main()) == [11]


def test_a_run_ends_after_its_actions() -> None:
    async def main() -> float:
        scheduler = AsyncScheduler()
        scheduler.enter(1, 0, asyncio.sleep, (10,))
        await scheduler.run()
        return now()

    assert run(main()) == 11


def test_a_run_that_does_not_block_says_how_long_until_the_next_event() -> None:
    async def main() -> tuple[float | None, list[str]]:
        scheduler, ran = AsyncScheduler(), list[str]()
        scheduler.enter(0, 0, ran.append, ("due",))
        scheduler.enter(5, 0, ran.append, ("later",))
        return await scheduler.run(blocking=False), ran

    assert run(main()) == (5, ["due"])


def test_an_action_may_enter_the_next_event() -> None:
    async def main() -> list[float]:
        scheduler, ran = AsyncScheduler(), list[float]()

        async def again() -> None:
            ran.append(now())
            if now() < 3:
                scheduler.enter(1, 0, again)

        scheduler.enter(1, 0, again)
        await scheduler.run()
        return ran

    assert run(main()) == [1, 2, 3]


def test_a_run_that_waits_is_wakened_by_an_earlier_event() -> None:
    async def main() -> list[float]:
        scheduler, ran = AsyncScheduler(), list[float]()
        far = scheduler.enter(LONG, 0, boom)
        running = asyncio.create_task(scheduler.run())
        await asyncio.sleep(1)
        scheduler.enter(1, 0, lambda: ran.append(now()))
        await asyncio.sleep(2)
        scheduler.cancel(far)
        await running
        return ran

    assert run(main()) == [2]


def test_a_run_that_waits_is_wakened_by_an_event_of_another_thread() -> None:
    async def main() -> bool:
        scheduler = AsyncScheduler(time.monotonic)
        woken = asyncio.Event()
        far = scheduler.enter(LONG, 0, boom)
        running = asyncio.create_task(scheduler.run())
        await asyncio.sleep(0)
        thread = threading.Thread(target=scheduler.enter, args=(0, 0, woken.set))
        thread.start()
        await asyncio.wait_for(woken.wait(), SAFETY_NET)
        await asyncio.to_thread(thread.join, SAFETY_NET)
        scheduler.cancel(far)
        await running
        return woken.is_set()

    assert asyncio.run(main())


def test_cancelling_the_last_event_ends_the_run() -> None:
    async def main() -> float:
        scheduler = AsyncScheduler()
        far = scheduler.enter(LONG, 0, boom)
        running = asyncio.create_task(scheduler.run())
        await asyncio.sleep(1)
        scheduler.cancel(far)
        await running
        return now()

    assert run(main()) == 1


def test_an_action_that_raises_keeps_no_other_from_running() -> None:
    async def main() -> list[str]:
        scheduler, ran = AsyncScheduler(), list[str]()
        scheduler.enter(1, 0, boom)
        scheduler.enter(2, 0, ran.append, ("after",))
        with pytest.raises(KeyError):
            await scheduler.run()
        return ran

    assert run(main()) == ["after"]


def test_several_errors_are_raised_as_one_group() -> None:
    async def main() -> None:
        scheduler = AsyncScheduler()
        scheduler.enter(1, 0, boom)
        scheduler.enter(2, 0, int, ("x",))
        await scheduler.run()

    with pytest.raises(ExceptionGroup, match="2 scheduled actions raised"):
        run(main())


def test_a_handler_gets_the_errors_instead() -> None:
    async def main() -> list[str]:
        told: list[str] = []
        scheduler = AsyncScheduler(on_error=lambda _, error: told.append(repr(error)))
        scheduler.enter(1, 0, boom)
        await scheduler.run()
        return told

    assert run(main()) == ["KeyError('boom')"]


def test_an_action_that_cancels_itself_does_not_cancel_the_run() -> None:
    async def cancels_itself() -> None:
        raise asyncio.CancelledError

    async def main() -> None:
        scheduler = AsyncScheduler()
        scheduler.enter(1, 0, cancels_itself)
        await scheduler.run()

    with pytest.raises(CancelledFromWithinError):
        run(main())


def test_cancelling_the_run_cancels_the_actions_and_keeps_the_other_events() -> None:
    async def main() -> tuple[list[str], int, bool]:
        said: list[str] = []

        async def slow() -> None:
            try:
                await asyncio.sleep(100)
            finally:
                await asyncio.sleep(1)
                said.append("cleaned up")

        scheduler = AsyncScheduler(on_error=lambda _, error: said.append(repr(error)))
        scheduler.enter(1, 0, slow)
        scheduler.enter(LONG, 0, boom)
        running = asyncio.create_task(scheduler.run())
        await asyncio.sleep(2)
        running.cancel()
        await asyncio.wait([running])
        return said, len(scheduler.queue), running.cancelled()

    assert run(main()) == (["cleaned up"], 1, True)


def test_a_second_run_at_one_time_is_refused() -> None:
    async def main() -> None:
        scheduler = AsyncScheduler()
        scheduler.enter(1, 0, lambda: None)
        running = asyncio.create_task(scheduler.run())
        await asyncio.sleep(0)
        with pytest.raises(AioError, match="run already"):
            await scheduler.run()
        await running

    run(main())


def test_it_can_be_run_again() -> None:
    async def main() -> list[float]:
        scheduler, ran = AsyncScheduler(), list[float]()
        for _ in range(2):
            scheduler.enter(1, 0, lambda: ran.append(now()))
            await scheduler.run()
        return ran

    assert run(main()) == [1, 2]


def test_a_relative_time_without_a_loop_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(AioError, match=r"AsyncScheduler\(time.monotonic\)"):
        AsyncScheduler().enter(1, 0, boom)


def test_statistics_count_what_became_of_the_events() -> None:
    async def main() -> tuple[int, int, int, int, int, float]:
        scheduler = AsyncScheduler(on_error=lambda *_: None, max_running=1)
        scheduler.enter(1, 0, boom)
        scheduler.enter(1, 1, asyncio.sleep, (3,))
        scheduler.enter(2, 0, lambda: None)
        scheduler.cancel(scheduler.enter(9, 0, boom))
        await scheduler.run()
        found = scheduler.statistics()
        return found.queued, found.running, found.completed, found.failed, found.cancelled, found.worst_lateness

    assert run(main()) == (0, 0, 2, 1, 1, 2)
