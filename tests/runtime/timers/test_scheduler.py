"""The thread scheduler: order, waking, errors, actions on an executor."""

from __future__ import annotations

import logging
import sched
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conclint_runtime.aio import ExceptionGroup
from conclint_runtime.timers import Scheduler

SAFETY_NET = 20.0
LONG = 3600.0


class Clock:
    """A clock that stands until something sleeps by it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def on_fake_clock(**options: Callable[..., object]) -> tuple[Scheduler, Clock]:
    clock = Clock()
    return Scheduler(clock, clock.sleep, **options), clock  # type: ignore[arg-type]  # options of the constructor


def boom() -> None:
    raise KeyError("boom")


def joined(thread: threading.Thread) -> bool:
    thread.join(SAFETY_NET)
    return not thread.is_alive()


def test_it_stands_where_a_sched_scheduler_is_expected() -> None:
    assert isinstance(Scheduler(), sched.scheduler)


def test_events_run_in_the_order_of_their_times() -> None:
    scheduler, _ = on_fake_clock()
    ran: list[str] = []
    scheduler.enter(2, 0, ran.append, ("second",))
    scheduler.enter(1, 0, ran.append, ("first",))
    scheduler.run()
    assert ran == ["first", "second"]


def test_of_one_time_the_lower_priority_number_runs_first() -> None:
    scheduler, _ = on_fake_clock()
    ran: list[str] = []
    scheduler.enterabs(1, 10, ran.append, ("ten",))
    scheduler.enterabs(1, 1, ran.append, ("one",))
    scheduler.run()
    assert ran == ["one", "ten"]


def test_of_one_time_and_priority_the_first_entered_runs_first() -> None:
    scheduler, _ = on_fake_clock()
    ran: list[str] = []
    scheduler.enterabs(1, 1, ran.append, ("first",))
    scheduler.enterabs(1, 1, ran.append, ("second",))
    scheduler.run()
    assert ran == ["first", "second"]


def test_keyword_arguments_reach_the_action() -> None:
    scheduler, _ = on_fake_clock()
    ran: list[dict[str, object]] = []
    scheduler.enter(0, 0, lambda **given: ran.append(given), kwargs={"a": 1})
    scheduler.run()
    assert ran == [{"a": 1}]


def test_an_action_may_enter_the_next_event() -> None:
    scheduler, clock = on_fake_clock()
    ran: list[float] = []

    def again() -> None:
        ran.append(clock.now)
        if clock.now < 3:
            scheduler.enter(1, 0, again)

    scheduler.enter(1, 0, again)
    scheduler.run()
    assert ran == [1, 2, 3]


def test_a_delayfunc_is_asked_for_the_remaining_time_and_for_zero_after_each_action() -> None:
    scheduler, clock = on_fake_clock()
    scheduler.enter(2, 0, lambda: None)
    scheduler.run()
    assert clock.slept == [2, 0]


def test_a_run_that_does_not_block_says_how_long_until_the_next_event() -> None:
    scheduler, _ = on_fake_clock()
    ran: list[str] = []
    scheduler.enter(0, 0, ran.append, ("due",))
    scheduler.enter(5, 0, ran.append, ("later",))
    assert (scheduler.run(blocking=False), ran) == (5, ["due"])


def test_a_run_that_does_not_block_returns_none_when_nothing_is_left() -> None:
    scheduler, _ = on_fake_clock()
    scheduler.enter(0, 0, lambda: None)
    assert scheduler.run(blocking=False) is None


def test_the_queue_is_in_the_order_of_running() -> None:
    scheduler, _ = on_fake_clock()
    late = scheduler.enterabs(2, 0, boom)
    early = scheduler.enterabs(1, 0, boom)
    assert scheduler.queue == [early, late]


def test_a_cancelled_event_does_not_run() -> None:
    scheduler, _ = on_fake_clock()
    scheduler.cancel(scheduler.enter(1, 0, boom))
    scheduler.run()
    assert scheduler.empty()


def test_cancelling_an_event_twice_is_an_error_that_says_why() -> None:
    scheduler, _ = on_fake_clock()
    event = scheduler.enter(1, 0, boom)
    scheduler.cancel(event)
    with pytest.raises(ValueError, match="is not queued: it ran, was cancelled"):
        scheduler.cancel(event)


def test_an_action_that_was_called_instead_of_passed_is_refused_at_once() -> None:
    scheduler, _ = on_fake_clock()
    with pytest.raises(TypeError, match="pass the function itself"):
        scheduler.enter(1, 0, None)  # type: ignore[arg-type]  # the mistake that is to be found


class Waiting:
    """A run in a thread of its own, of a scheduler whose only event is an hour away.

    The run holds the scheduler's lock from its look at the clock until it waits. So what is done to the scheduler
    after that look is done while it waits.
    """

    def __init__(self) -> None:
        self.looked = threading.Event()
        self.scheduler = Scheduler(self.clock)
        self.far = self.scheduler.enterabs(time.monotonic() + LONG, 0, boom)
        self.thread = threading.Thread(target=self.scheduler.run)
        self.thread.start()
        assert self.looked.wait(SAFETY_NET)

    def clock(self) -> float:
        if threading.current_thread() is self.thread:
            self.looked.set()
        return time.monotonic()


def test_a_run_that_sleeps_is_wakened_by_an_event_of_another_thread() -> None:
    run, woken = Waiting(), threading.Event()
    run.scheduler.enter(0, 0, woken.set)
    in_time = woken.wait(SAFETY_NET)
    run.scheduler.cancel(run.far)
    assert (in_time, joined(run.thread)) == (True, True)


def test_cancelling_the_last_event_ends_the_run() -> None:
    run = Waiting()
    run.scheduler.cancel(run.far)
    assert joined(run.thread)


def test_an_action_that_raises_keeps_no_other_from_running() -> None:
    scheduler, _ = on_fake_clock()
    ran: list[str] = []
    scheduler.enter(1, 0, boom)
    scheduler.enter(2, 0, ran.append, ("after",))
    with pytest.raises(KeyError):
        scheduler.run()
    assert ran == ["after"]


def test_several_errors_are_raised_as_one_group() -> None:
    scheduler, _ = on_fake_clock()
    scheduler.enter(1, 0, boom)
    scheduler.enter(2, 0, int, ("x",))
    with pytest.raises(ExceptionGroup, match="2 scheduled actions raised") as caught:
        scheduler.run()
    assert [type(part) for part in caught.value.exceptions] == [KeyError, ValueError]


def test_an_error_is_logged_when_it_happens(caplog: pytest.LogCaptureFixture) -> None:
    scheduler, _ = on_fake_clock()
    seen: list[int] = []
    scheduler.enter(1, 0, boom)
    scheduler.enter(2, 0, lambda: seen.append(len(caplog.records)))
    with caplog.at_level(logging.ERROR, "conclint_runtime.timers"), pytest.raises(KeyError):
        scheduler.run()
    assert seen == [1]


def test_a_handler_gets_the_errors_instead() -> None:
    told: list[tuple[object, str]] = []
    scheduler, _ = on_fake_clock(on_error=lambda event, error: told.append((event.action, repr(error))))
    scheduler.enter(1, 0, boom)
    scheduler.run()
    assert told == [(boom, "KeyError('boom')")]


def test_an_interrupt_ends_the_run_and_keeps_the_other_events() -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    scheduler, _ = on_fake_clock()
    scheduler.enter(1, 0, interrupt)
    left = scheduler.enter(2, 0, boom)
    with pytest.raises(KeyboardInterrupt):
        scheduler.run()
    assert scheduler.queue == [left]


def test_on_an_executor_a_slow_action_delays_no_other() -> None:
    other_ran = threading.Event()
    seen: list[bool] = []
    with ThreadPoolExecutor(2) as pool:
        scheduler = Scheduler(executor=pool, max_running=2)
        scheduler.enter(0, 0, lambda: seen.append(other_ran.wait(SAFETY_NET)))
        scheduler.enter(0, 1, other_ran.set)
        scheduler.run()
    assert seen == [True]


def test_a_run_on_an_executor_ends_after_its_actions() -> None:
    released = threading.Event()
    ended: list[str] = []

    def slow() -> None:
        assert released.wait(SAFETY_NET)
        ended.append("slow")

    with ThreadPoolExecutor(2) as pool:
        scheduler = Scheduler(executor=pool)
        scheduler.enter(0, 0, slow)
        scheduler.enter(0, 1, released.set)
        scheduler.run()
        seen = list(ended)
    assert seen == ["slow"]


def test_what_is_due_while_all_places_are_taken_can_still_be_cancelled() -> None:
    running, released = threading.Event(), threading.Event()

    def occupy() -> None:
        running.set()
        assert released.wait(SAFETY_NET)

    with ThreadPoolExecutor(1) as pool:
        scheduler = Scheduler(executor=pool, max_running=1)
        scheduler.enter(0, 0, occupy)
        waiting = scheduler.enter(0, 1, boom)
        runner = threading.Thread(target=scheduler.run)
        runner.start()
        assert running.wait(SAFETY_NET)
        scheduler.cancel(waiting)
        released.set()
        assert joined(runner)
    assert scheduler.statistics().failed == 0


def test_an_error_on_an_executor_is_raised_at_the_end_of_the_run() -> None:
    with ThreadPoolExecutor(1) as pool:
        scheduler = Scheduler(executor=pool)
        scheduler.enter(0, 0, boom)
        with pytest.raises(KeyError):
            scheduler.run()


def test_an_executor_that_was_shut_down_leaves_the_event_queued() -> None:
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    scheduler = Scheduler(executor=pool)
    event = scheduler.enter(0, 0, boom)
    with pytest.raises(RuntimeError):
        scheduler.run()
    assert scheduler.queue == [event]


def test_a_run_that_is_broken_off_queues_again_what_the_executor_has_not_started() -> None:
    class BrokenOff(BaseException):
        pass

    times = iter([0.0, 0.0])

    def clock() -> float:
        for now in times:
            return now
        raise BrokenOff

    released = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        scheduler = Scheduler(clock, executor=pool, max_running=2)
        scheduler.enterabs(0, 0, released.wait, (SAFETY_NET,))
        waiting = scheduler.enterabs(0, 1, boom)
        try:
            with pytest.raises(BrokenOff):
                scheduler.run()
            queued = scheduler.queue
        finally:
            released.set()
    assert queued == [waiting]


def test_a_run_whose_places_are_all_taken_waits_without_looking_at_the_clock() -> None:
    looks = 0

    def clock() -> float:
        nonlocal looks
        looks += 1
        return 1.0

    with ThreadPoolExecutor(1) as pool:
        scheduler = Scheduler(clock, executor=pool, max_running=1)
        scheduler.enterabs(0, 0, threading.Event().wait, (0.05,))
        scheduler.enterabs(0, 1, int)
        scheduler.run()
    assert looks < 10


def test_a_place_for_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="max_running must be at least 1"):
        Scheduler(max_running=0)


def test_statistics_count_what_became_of_the_events() -> None:
    scheduler, clock = on_fake_clock(on_error=lambda *_: None)
    scheduler.enter(1, 0, boom)
    scheduler.enter(1, 0, clock.sleep, (3,))
    scheduler.enter(2, 0, lambda: None)
    scheduler.cancel(scheduler.enter(9, 0, boom))
    scheduler.run()
    found = scheduler.statistics()
    assert (found.queued, found.running, found.completed, found.failed, found.cancelled) == (0, 0, 2, 1, 1)


def test_the_worst_lateness_is_measured_from_the_time_that_was_asked_for() -> None:
    scheduler, clock = on_fake_clock()
    scheduler.enter(1, 0, clock.sleep, (3,))
    scheduler.enter(2, 0, lambda: None)
    scheduler.run()
    assert scheduler.statistics().worst_lateness == 2


def test_importing_it_does_not_import_asyncio() -> None:
    asked = "import sys, conclint_runtime.timers; print('asyncio' in sys.modules)"
    path = str(Path(__file__).parents[3] / "runtime")
    done = subprocess.run(
        [sys.executable, "-c", asked], env={"PYTHONPATH": path}, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "False\n"
