"""`sched.scheduler` that wakes for new events, outlives failing actions, and can run them on a pool."""

from __future__ import annotations

import sched
import time as clock
from collections.abc import Callable
from functools import partial
from sched import Event
from typing import TYPE_CHECKING

from conclint_runtime.timers.failures import ErrorHandler, Failures
from conclint_runtime.timers.intake import EventIntake

if TYPE_CHECKING:  # its import costs as much as all the rest of this package
    from concurrent.futures import Executor, Future


class _Run:
    """One call of `run()`: which of its actions are on the pool, and what failed."""

    def __init__(self, on_error: ErrorHandler | None) -> None:
        self.failures = Failures(on_error)
        self.running: dict[Future[object], Event] = {}


class Scheduler(EventIntake, sched.scheduler):
    """Runs each action at its time, in the thread that calls `run()` or on an executor.

    It has the API of `sched.scheduler` (https://docs.python.org/3/library/sched.html) and may stand wherever one is
    expected. What differs:

    * `run()` is wakened by `enter`, `enterabs` and `cancel` from any thread, so an event that is due earlier than all
      others runs at its time, and a cancelled last event ends the run. (Not with a `delayfunc` of your own: that is the
      wait then, and only it knows how to end.)
    * An action that raises does not end the run: the error goes to `on_error`, the other events run. Without `on_error`
      it is logged at once and raised when `run()` ends, several as an `ExceptionGroup`. `KeyboardInterrupt` and
      `SystemExit` end the run where they are raised, and the other events stay queued.
    * With an `executor` the actions run there, so that a slow one delays no other. At most `max_running` are there at
      one time; what is due beyond that waits in the scheduler's own queue, where `cancel()` still reaches it. `run()`
      returns when the queue is empty and the actions that it started have ended. The executor stays the caller's: the
      scheduler never shuts it down.

    Parameters: `timefunc` is the clock; `delayfunc`, when given, is called with a time in the clock's unit to wait,
    and with 0 after each action. Without one the unit is the second. `on_error(event, error)` is called in the thread
    of the action. `max_running` wants the number of workers of the executor.
    """

    def __init__(
        self,
        timefunc: Callable[[], float] = clock.monotonic,
        delayfunc: Callable[[float], object] | None = None,
        *,
        executor: Executor | None = None,
        max_running: int = 8,
        on_error: ErrorHandler | None = None,
    ) -> None:
        # The constructor of sched.scheduler is left out: it makes private parts for methods that are all replaced.
        EventIntake.__init__(self, timefunc, max_running)
        self.delayfunc = clock.sleep if delayfunc is None else delayfunc
        self._delay_is_ours = delayfunc is None
        self._executor = executor
        self._on_error = on_error

    def _wake(self) -> None:
        self._changed.notify_all()

    def run(self, blocking: bool = True) -> float | None:
        """Run the events until none is left; with `blocking=False` only those that are due.

        Returns None, or for `blocking=False` how long until the next event is due (then actions on an executor may
        still be running). Raises what actions raised, at the end, unless there is an `on_error`. The wait ends when
        an event is due, entered or cancelled, or an action on the executor ends.
        """
        run = _Run(self._on_error)
        try:
            remaining = self._run(run, blocking)
        except BaseException:
            self._take_back(run)
            raise
        run.failures.raise_kept()
        return remaining

    def _run(self, run: _Run, blocking: bool) -> float | None:
        while True:
            with self._changed:
                now = self.timefunc()
                remaining = self._events.remaining(now)
                full = self._executor is not None and self._events.running >= self._max_running
                if remaining is None and not (blocking and run.running):
                    return None
                event = None
                if remaining is not None and remaining <= 0 and not full:
                    event = self._events.start(now)
                elif not blocking:
                    return max(remaining or 0.0, 0.0)
                elif remaining is None or full or self._delay_is_ours:
                    # Ended by an action's end, or an event entered or cancelled; and by the time, when that can help.
                    self._changed.wait(None if full else remaining)
                    continue
            if event is None:
                self.delayfunc(remaining or 0.0)
            elif self._executor is None:
                self._act(run, event)
            else:
                self._submit(run, event, self._executor)

    def _act(self, run: _Run, event: Event) -> None:
        failure: BaseException | None = None
        try:
            event.action(*event.argument, **event.kwargs)
        except BaseException as error:
            failure = error
            if not isinstance(error, Exception):
                raise
        finally:
            with self._changed:
                self._events.end(failed=failure is not None)
        if failure is not None:
            run.failures.report(event, failure)
        self.delayfunc(0)

    def _submit(self, run: _Run, event: Event, executor: Executor) -> None:
        try:
            future: Future[object] = executor.submit(event.action, *event.argument, **event.kwargs)
        except BaseException:
            with self._changed:
                self._events.put_back(event)
            raise
        with self._changed:
            run.running[future] = event
        future.add_done_callback(partial(self._ended, run))

    def _ended(self, run: _Run, future: Future[object]) -> None:
        error = None if future.cancelled() else future.exception()
        try:
            if error is not None:
                run.failures.report(run.running[future], error)
        finally:
            with self._changed:
                event = run.running.pop(future)
                if future.cancelled():
                    self._events.put_back(event)
                else:
                    self._events.end(failed=error is not None)
                self._changed.notify_all()

    def _take_back(self, run: _Run) -> None:
        """When the run is broken off: events whose action the executor has not started are queued again."""
        with self._changed:
            futures = tuple(run.running)
        for future in futures:
            future.cancel()
