"""Run a program once, under the schedule of one seed."""

from __future__ import annotations

import asyncio
import concurrent.futures.thread
import inspect
import logging
import threading
import time
import traceback
from asyncio import base_events
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from conclint_runtime.guard.explore.clock import VirtualClock
from conclint_runtime.guard.explore.in_force import in_force
from conclint_runtime.guard.explore.modes import Mode
from conclint_runtime.guard.explore.outcome import Failure, Trouble
from conclint_runtime.guard.explore.schedule import Schedule, ScheduleEnded
from conclint_runtime.guard.explore.shared_values import pause_reads
from conclint_runtime.guard.explore.task_delays import delay_steps
from conclint_runtime.guard.explore.threads import controlled
from conclint_runtime.guard.explore.tracing import Tracer
from conclint_runtime.guard.patching import Patches

#: Switch points of one schedule. A program that has more is taken not to end.
MAX_STEPS = 3_000_000

_call_exception_handler = base_events.BaseEventLoop.call_exception_handler


@dataclass(slots=True)
class _Seen:
    """Errors that did not pass through the main function."""

    schedule: Schedule
    errors: list[tuple[Trouble, str, str]] = field(default_factory=list)

    def thread_raised(self, arguments: threading.ExceptHookArgs) -> None:
        # A thread that is being ended may find its own locks in a state that it did not leave them in.
        if self.schedule.ending or arguments.exc_type is SystemExit:
            return
        name = arguments.thread.name if arguments.thread is not None else "a thread"
        error = arguments.exc_value or arguments.exc_type()
        self.errors.append((Trouble.THREAD_RAISED, f"{name}: {_line(error)}", _traceback(error)))

    def loop_handler(self) -> Callable[[base_events.BaseEventLoop, dict[str, object]], None]:
        """The method for the class; one that is bound already would not get the loop."""

        def call_exception_handler(loop: base_events.BaseEventLoop, context: dict[str, object]) -> None:
            self._loop_reported(loop, context)

        return call_exception_handler

    def _loop_reported(self, loop: base_events.BaseEventLoop, context: dict[str, object]) -> None:
        error = context.get("exception")
        if loop.get_exception_handler() is not None:
            _call_exception_handler(loop, context)
        elif isinstance(error, Exception) and not self.schedule.ending:
            text = f"{context.get('message', '')}: {_line(error)}"
            self.errors.append((Trouble.LOOP_REPORTED, text, _traceback(error)))


def _line(error: BaseException) -> str:
    return "".join(traceback.format_exception_only(type(error), error)).strip().splitlines()[-1]


def _traceback(error: BaseException) -> str:
    return "".join(traceback.format_exception(type(error), error, error.__traceback__))


def run_seed(program: Callable[[], object], seed: int, mode: Mode = Mode.GIL) -> Failure | None:
    """Run `program` under one schedule, in this thread.

    Args:
        program: a function, or a coroutine function (which gets a loop of its own).
        seed: decides the schedule.
        mode: where threads can be stopped.

    Returns:
        None when the program ended well.

    Raises:
        RuntimeError: when another exploration is under way in this process.
    """
    schedule = Schedule(
        seed, VirtualClock(time.monotonic(), time.time()), max_steps=MAX_STEPS, lock_points=mode is Mode.FREE
    )
    seen = _Seen(schedule)
    raised: tuple[Trouble, str, str] | None = None
    with in_force(schedule), ExitStack() as stack:
        patches = Patches()
        stack.callback(patches.undo)
        patches.put(threading, "excepthook", seen.thread_raised)
        patches.put(base_events.BaseEventLoop, "call_exception_handler", seen.loop_handler())
        stack.enter_context(_quiet_pools())
        delay_steps(seed, patches)
        pause_reads(seed, patches)
        stack.enter_context(controlled(schedule, Tracer(schedule, mode), patches))
        try:
            _run_to_its_end(program, schedule)
        except ScheduleEnded:
            pass
        except SystemExit as error:
            if error.code not in {None, 0}:
                raised = (Trouble.RAISED, f"the program exits with {error.code}", "")
        except Exception as error:
            raised = (Trouble.RAISED, _line(error), _traceback(error))
    return _verdict(schedule, seed, mode, raised, seen)


def _run_to_its_end(program: Callable[[], object], schedule: Schedule) -> None:
    try:
        result = asyncio.run(program()) if inspect.iscoroutinefunction(program) else program()
        if inspect.iscoroutine(result):
            asyncio.run(result)
    except Exception:
        schedule.end()
        raise
    finally:
        _close_open_pools(schedule)
        schedule.finish()


def _close_open_pools(schedule: Schedule) -> None:
    """What the interpreter does at its end: idle workers of a pool that nobody shut down are told to go home."""
    for slot in schedule.slots():
        target: object = getattr(slot.thread, "_target", None)
        if target is vars(concurrent.futures.thread)["_worker"]:
            executor = slot.thread._args[0]()  # type: ignore[attr-defined]  # a weak reference to its executor
            if executor is not None:
                executor.shutdown(wait=False)


def _verdict(
    schedule: Schedule, seed: int, mode: Mode, raised: tuple[Trouble, str, str] | None, seen: _Seen
) -> Failure | None:
    if schedule.deadlock:
        return Failure(seed, mode, Trouble.DEADLOCK, "; ".join(schedule.deadlock))
    if schedule.overrun:
        return Failure(seed, mode, Trouble.ENDLESS, f"more than {MAX_STEPS} switch points")
    for trouble, text, trace in [*([raised] if raised is not None else []), *seen.errors]:
        return Failure(seed, mode, trouble, text, trace)
    return None


@contextmanager
def _quiet_pools() -> Iterator[None]:
    """Keep a pool from logging the end of the schedule, which reaches its workers as an exception."""

    def tells(record: logging.LogRecord) -> bool:
        return record.exc_info is None or not isinstance(record.exc_info[1], ScheduleEnded)

    logger = logging.getLogger("concurrent.futures")
    logger.addFilter(tells)
    try:
        yield
    finally:
        logger.removeFilter(tells)
