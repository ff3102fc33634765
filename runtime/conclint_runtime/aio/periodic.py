"""`Periodic`: an action at regular times that do not drift."""

from __future__ import annotations

import asyncio
import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from conclint_runtime.aio.ending import cancel_and_wait
from conclint_runtime.aio.errors import CancelledFromWithinError, ClosedError

ErrorHandler = Callable[[BaseException], object]


@dataclass(frozen=True, slots=True)
class PeriodicStatistics:
    """A snapshot: how many `runs` of the action were started, how many of them `failed`, how many times were `missed`
    because the run before took too long, and the `worst_lateness` of a start, in seconds."""

    runs: int
    failed: int
    missed: int
    worst_lateness: float


class Periodic:
    """Runs `action` at `delay`, `delay + period`, `delay + 2 * period`... seconds after its start.

    The times are reckoned from the start, not from the end of the run before, so they do not drift. Runs never
    overlap: when one is still under way at the next time, that time is missed, counted, and not made up for.

    `action` is a coroutine function, or a plain function that does not block; each run is a task of its own. When one
    raises, `on_error(error)` is called, or without it the loop's exception handler; the next run comes at its time
    all the same. With `stop_on_error=True` the first error ends it, and is raised at the end of the block.

    As `async with Periodic(...):` it runs beside the block. Leaving the block lets the run under way end and starts
    no other; leaving it by an error or a cancellation cancels the run and waits for its end. Or `await
    Periodic(...).run()`, as a task of a `TaskGroup` for instance; that ends by cancellation, by `stop()`, or by an
    error with `stop_on_error`.
    """

    def __init__(
        self,
        action: Callable[[], object],
        period: float,
        *,
        delay: float = 0.0,
        on_error: ErrorHandler | None = None,
        stop_on_error: bool = False,
    ) -> None:
        if not period > 0:
            raise ValueError(f"the period must be more than 0 seconds, not {period}")
        if not callable(action):
            raise TypeError(f"the action must be callable, not {action!r}: pass the function itself")
        self._action = action
        self._period = period
        self._delay = delay
        self._on_error = on_error
        self._stop_on_error = stop_on_error
        self._runner: asyncio.Task[None] | None = None
        self._stopped = False
        self._alarm: asyncio.Future[None] | None = None
        self._runs = self._failed = self._missed = 0
        self._worst_lateness = 0.0

    def statistics(self) -> PeriodicStatistics:
        """What it has done so far."""
        return PeriodicStatistics(self._runs, self._failed, self._missed, self._worst_lateness)

    def stop(self) -> None:
        """Start no further run; the one under way goes on to its end. To be called in the thread of the loop."""
        self._stopped = True
        if self._alarm is not None and not self._alarm.done():
            self._alarm.set_result(None)

    async def run(self) -> None:
        """Run the action at its times until `stop()`; `ClosedError` when it was stopped before."""
        if self._stopped:
            raise ClosedError("this periodic action was stopped: make a new one")
        await self._run()

    async def _run(self) -> None:
        clock = asyncio.get_running_loop().time
        start = clock() + self._delay
        tick = 0
        while not self._stopped:
            await self._wait_until(start + tick * self._period)
            if self._stopped:
                return
            self._worst_lateness = max(self._worst_lateness, clock() - start - tick * self._period)
            await self._run_once()
            # The next time that has not passed; a time that is now, but for rounding, has not.
            coming = max(tick + 1, math.ceil((clock() - start) / self._period - 1e-9))
            self._missed += coming - tick - 1
            tick = coming

    async def __aenter__(self) -> Periodic:
        """Start; `ClosedError` at a second use."""
        if self._runner is not None:
            raise ClosedError("this periodic action was started already: make a new one")
        self._runner = asyncio.get_running_loop().create_task(self._run(), name=f"periodic {self._action!r}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop and wait for the end; raise the error of `stop_on_error`, unless the block has one of its own."""
        runner = self._runner
        if runner is None:
            return
        self.stop()
        if error is not None:
            runner.cancel()
        try:
            await asyncio.wait([runner])
        except asyncio.CancelledError:
            await cancel_and_wait([runner])
            raise
        if runner.cancelled():
            return
        failure = runner.exception()
        if failure is not None and error is None:
            raise failure
        if failure is not None:
            self._report(failure)

    async def _wait_until(self, time: float) -> None:
        loop = asyncio.get_running_loop()
        self._alarm = loop.create_future()
        timer = loop.call_at(time, _set, self._alarm)
        try:
            await self._alarm
        finally:
            timer.cancel()
            self._alarm = None

    async def _run_once(self) -> None:
        self._runs += 1
        task = asyncio.get_running_loop().create_task(_call(self._action))
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            await cancel_and_wait([task])
            if not task.cancelled() and (failure := task.exception()) is not None:
                self._report(failure)
            raise
        error: BaseException | None
        if task.cancelled():
            error = CancelledFromWithinError(f"a run of {self._action!r} was cancelled, but not by its owner")
        else:
            error = task.exception()
        if error is None:
            return
        self._failed += 1
        if self._stop_on_error:
            self._stopped = True
            raise error
        self._report(error)

    def _report(self, error: BaseException) -> None:
        if self._on_error is not None:
            try:
                self._on_error(error)
                return
            except Exception as failure:
                failure.__context__ = failure.__context__ or (error if failure is not error else None)
                error = failure
        asyncio.get_running_loop().call_exception_handler(
            {"message": f"a run of the periodic action {self._action!r} failed", "exception": error}
        )


async def _call(action: Callable[[], object]) -> None:
    result = action()
    if inspect.isawaitable(result):
        await result


def _set(alarm: asyncio.Future[None]) -> None:
    if not alarm.done():
        alarm.set_result(None)
