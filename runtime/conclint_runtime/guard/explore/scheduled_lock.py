"""A lock whose waiters give up their turn instead of blocking in C."""

from __future__ import annotations

from types import TracebackType

from conclint_runtime.guard.explore.in_force import current, running
from conclint_runtime.guard.explore.own_code import own_place
from conclint_runtime.guard.explore.schedule import Schedule
from conclint_runtime.guard.explore.turns import Wait

# Bound by name before anything is replaced: the lock inside is always the interpreter's own.
from _thread import LockType, allocate_lock  # isort: skip


class ScheduledLock:
    """What `threading.Lock` makes while a program is explored.

    Conditions, events, semaphores, barriers, queues and re-entrant locks of the standard library are built on it, so
    that all of them follow the schedule. In a thread that no schedule controls it is a plain lock.

    Args:
        inner: an existing lock of the interpreter's to stand for; by default a new one.
    """

    __slots__ = ("__weakref__", "_holder", "_inner", "_made_at")

    def __init__(self, inner: LockType | None = None) -> None:
        self._inner = allocate_lock() if inner is None else inner
        self._made_at = own_place() if inner is None else "an earlier place"
        self._holder = ""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """As `threading.Lock.acquire`; `timeout` is in seconds of virtual time."""
        schedule = current()
        if schedule is None:
            return self._inner.acquire(blocking, timeout)
        if not blocking and timeout != -1:
            raise ValueError("can't specify a timeout for a non-blocking call")
        if timeout < 0 and timeout != -1:
            raise ValueError("timeout value must be a non-negative number")
        if schedule.lock_points and not schedule.ending:
            schedule.point()
        taken = self._inner.acquire(False) or (blocking and self._wait(schedule, timeout))
        if taken:
            slot = schedule.slot()
            self._holder = slot.name if slot is not None else ""
        return taken

    def _wait(self, schedule: Schedule, timeout: float) -> bool:
        wait = Wait(f"a lock made at {self._made_at} (at {own_place()}){self._held_by()}", self._is_free)
        deadline = None if timeout == -1 else schedule.clock.elapsed + timeout
        while True:
            left = None if deadline is None else max(deadline - schedule.clock.elapsed, 0.0)
            in_time = schedule.wait(wait, left)
            if self._inner.acquire(False):
                return True
            if not in_time:
                return False

    def _held_by(self) -> str:
        return f", held by {self._holder}" if self._holder else ""

    def _is_free(self) -> bool:
        return not self._inner.locked()

    def release(self) -> None:
        """As `threading.Lock.release`."""
        self._holder = ""
        self._inner.release()
        schedule = running()
        if schedule is not None and schedule.running is None:
            schedule.wake()

    def locked(self) -> bool:
        """Whether somebody has it."""
        return self._inner.locked()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()

    def _at_fork_reinit(self) -> None:
        self._inner = allocate_lock()
        self._holder = ""

    def __repr__(self) -> str:
        state = "locked" if self._inner.locked() else "unlocked"
        return f"<{state} lock made at {self._made_at}>"
