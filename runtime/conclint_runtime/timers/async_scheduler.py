"""The API of `sched.scheduler` on an event loop."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from sched import Event

from conclint_runtime.aio.ending import cancel_and_wait
from conclint_runtime.aio.errors import AioError, CancelledFromWithinError
from conclint_runtime.timers.failures import ErrorHandler, Failures
from conclint_runtime.timers.intake import EventIntake


class AsyncScheduler(EventIntake):
    """Runs each action at its time as a task of its own, so that one that awaits delays no other.

    `enter`, `enterabs`, `cancel`, `empty`, `queue` and `run` are those of `sched.scheduler`
    (https://docs.python.org/3/library/sched.html), with `run` a coroutine. An action is a coroutine function, or a
    plain function that does not block. All but `run` may be called from any thread, and wake a `run` that waits.

    Errors are treated as `Scheduler` does: told to `on_error(event, error)`, or logged at once and raised at the end
    of `run()`; the other events run. When `run()` is cancelled the actions under way are cancelled, it ends after
    them, and the other events stay queued. At most `max_running` actions run at one time (1: one after the other, as
    `sched` does); what is due beyond that waits in the queue.

    `timefunc` is the clock in seconds, by default that of the loop.
    """

    def __init__(
        self,
        timefunc: Callable[[], float] | None = None,
        *,
        max_running: int = 100,
        on_error: ErrorHandler | None = None,
    ) -> None:
        super().__init__(self._loop_time if timefunc is None else timefunc, max_running)
        self._on_error = on_error
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    def _loop_time(self) -> float:
        """The time of the loop; `AioError` when there is no loop to ask."""
        loop = self._loop
        if loop is None:
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                raise AioError(
                    "this scheduler goes by the clock of its loop, and no loop runs it yet: enter events in a "
                    "coroutine, or give it a clock, as `AsyncScheduler(time.monotonic)`"
                ) from None
        return loop.time()

    async def run(self, blocking: bool = True) -> float | None:
        """Run the events until none is left; with `blocking=False` only those that are due.

        Ends after the actions that it started, in both cases. Returns None, or for `blocking=False` how many seconds
        until the next event is due. One call at a time. The wait ends when an event is due, entered or cancelled, or
        an action ends.
        """
        if self._loop is not None:
            raise AioError("this scheduler is being run already, by another task or loop")
        self._loop = asyncio.get_running_loop()
        failures = Failures(self._on_error)
        try:
            remaining = await self._run(failures, blocking)
        finally:
            self._stopping = True
            try:
                await cancel_and_wait(self._tasks)
            finally:
                self._loop = None
                self._stopping = False
        failures.raise_kept()
        return remaining

    async def _run(self, failures: Failures, blocking: bool) -> float | None:
        while True:
            now = self.timefunc()
            with self._changed:
                remaining = self._events.remaining(now)
                full = self._events.running >= self._max_running
                due = remaining is not None and remaining <= 0 and not full
                event = self._events.start(now) if due else None
                waiter = self._waiter = asyncio.get_running_loop().create_future()
            if event is not None:
                task = asyncio.get_running_loop().create_task(self._act(event, failures))
                self._tasks.add(task)
                task.add_done_callback(self._ended)
            elif not self._tasks and (remaining is None or not blocking):
                return remaining
            else:
                await self._wait(waiter, None if full or not blocking else remaining)

    async def _wait(self, waiter: asyncio.Future[None], seconds: float | None) -> None:
        if seconds is None:
            await waiter
            return
        alarm = asyncio.get_running_loop().call_later(seconds, _set, waiter)
        try:
            await waiter
        finally:
            alarm.cancel()

    async def _act(self, event: Event, failures: Failures) -> None:
        failed = True
        try:
            result = event.action(*event.argument, **event.kwargs)
            if inspect.isawaitable(result):
                await result
            failed = False
        except Exception as error:
            failures.report(event, error)
        except asyncio.CancelledError:
            if self._stopping:
                raise
            failures.report(
                event, CancelledFromWithinError(f"{event.action!r} was cancelled, but not by its scheduler")
            )
        finally:
            with self._changed:
                self._events.end(failed)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        with self._changed:
            self._wake()

    def _wake(self) -> None:
        loop, waiter = self._loop, self._waiter
        if loop is None or waiter is None:
            return
        try:
            loop.call_soon_threadsafe(_set, waiter)
        except RuntimeError:  # the loop was closed in this moment: nobody waits any more
            return


def _set(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
