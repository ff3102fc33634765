"""`asyncio.timeout` of Python 3.11 for Python 3.10.

The class, its states and its texts are those of the documentation of 3.11
(https://docs.python.org/3/library/asyncio-task.html#timeouts). The error is at once the builtin TimeoutError, as in
3.11, and `asyncio.TimeoutError`, which in 3.10 is another class, so that a handler of either catches it.
"""

from __future__ import annotations

import asyncio
import builtins
import enum
import sys
from types import TracebackType
from typing import final

from conclint_runtime.aio import py310_cancellation as cancellation

if sys.version_info >= (3, 11):  # one class of two names there, which cannot be inherited from twice
    DeadlineExceeded = TimeoutError
else:

    class DeadlineExceeded(asyncio.TimeoutError, builtins.TimeoutError):
        """What a timeout raises: both classes of the name TimeoutError that Python 3.10 has."""


class _State(enum.Enum):
    CREATED = "created"
    ENTERED = "active"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    EXITED = "finished"


@final
class Timeout:
    """A block that is cancelled at a deadline and then raises TimeoutError; made by `timeout()` and `timeout_at()`."""

    def __init__(self, when: float | None) -> None:
        self._state = _State.CREATED
        self._when = when
        self._handle: asyncio.Handle | None = None
        self._task: asyncio.Task[object] | None = None
        self._requested_before = 0

    def when(self) -> float | None:
        """The deadline in seconds of the loop's clock, or None."""
        return self._when

    def expired(self) -> bool:
        """Whether the deadline has passed inside the block."""
        return self._state in (_State.EXPIRING, _State.EXPIRED)

    def reschedule(self, when: float | None) -> None:
        """Move the deadline (seconds of the loop's clock, None for never); RuntimeError outside the running block."""
        if self._state is _State.CREATED:
            raise RuntimeError("Timeout has not been entered")
        if self._state is not _State.ENTERED:
            raise RuntimeError(f"Cannot change state of {self._state.value} Timeout")
        self._when = when
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        if when is None:
            return
        loop = asyncio.get_running_loop()
        if when <= loop.time():
            self._handle = loop.call_soon(self._expire)
        else:
            self._handle = loop.call_at(when, self._expire)

    def __repr__(self) -> str:
        when = ""
        if self._state is _State.ENTERED:
            when = f" when={None if self._when is None else round(self._when, 3)}"
        return f"<Timeout [{self._state.value}]{when}>"

    async def __aenter__(self) -> Timeout:
        """Set the alarm; RuntimeError outside a task, or at a second use."""
        if self._state is not _State.CREATED:
            raise RuntimeError("Timeout has already been entered")
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("Timeout should be used inside a task")
        cancellation.count_on(asyncio.get_running_loop())
        self._state = _State.ENTERED
        self._task = task
        self._requested_before = cancellation.requested(task)
        self.reschedule(self._when)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Turn the cancellation that the deadline caused, and no other, into TimeoutError."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        if self._state is _State.ENTERED:
            self._state = _State.EXITED
            return
        self._state = _State.EXPIRED
        if self._task is None:
            raise RuntimeError("Timeout has not been entered")
        ours = isinstance(error, asyncio.CancelledError) and cancellation.is_ours(self._task, error)
        left = cancellation.take_back(self._task)
        if left <= self._requested_before:
            if ours:
                raise DeadlineExceeded from error
            if error is not None:
                _tell_why(error)

    def _expire(self) -> None:
        self._handle = None
        self._state = _State.EXPIRING
        if self._task is not None:
            cancellation.request(self._task)


def _tell_why(error: BaseException) -> None:
    """Where the cancellation led to another error: put TimeoutError between the two."""
    inner = [part for part in getattr(error, "exceptions", ()) if isinstance(part, BaseException)]
    for current in (error, *inner):
        link = current
        while link.__context__ is not None:
            cause = link.__context__
            if isinstance(cause, asyncio.CancelledError):
                between = DeadlineExceeded()
                between.__context__ = between.__cause__ = cause
                link.__context__ = between
                break
            link = cause


def timeout(delay: float | None) -> Timeout:
    """A block that raises TimeoutError when it is not done after `delay` seconds (None: never)."""
    return timeout_at(None if delay is None else asyncio.get_running_loop().time() + delay)


def timeout_at(when: float | None) -> Timeout:
    """As `timeout`, with a deadline in seconds of the loop's clock."""
    return Timeout(when)
