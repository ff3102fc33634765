"""Locks that know their owner, so that a wait for one can be judged."""

from __future__ import annotations

import _thread
from dataclasses import dataclass
from types import TracebackType

from .waitgraph.nodes import Mode, Need
from .waitgraph.places import Place, caller
from .waitgraph.threads import ThreadNode, current
from .waitgraph.waits import GRACE, Wait

_LONGEST_SLICE = 0.05
"""Seconds: nobody can wake a thread that blocks in a lock of the interpreter, so a condemned one looks so often."""


@dataclass(frozen=True, slots=True)
class LockStatistics:
    """A moment of a lock.

    Attributes:
        owner: name of the thread that holds it; ``None`` where nobody does.
        taken_at: the line that took it.
        waiting: threads that wait for it without a timeout.
        contended: how often a thread had to wait for it so far.
        lent: whether it was released by a thread that had not taken it; such a lock is a signal and has no owner.
    """

    owner: str | None
    taken_at: str | None
    waiting: int
    contended: int
    lent: bool


class Lock:
    """`threading.Lock` with an owner.

    A lock may be released by any thread, so holding one proves nothing by itself. It counts as owned while a
    ``with`` block holds it; taken by a bare ``acquire()``, a deadlock over it is only likely and never raised; and once
    another thread than its owner has released it, it is a signal and never counts again.
    """

    __slots__ = ("__weakref__", "_block", "_by_with", "_contended", "_lent", "_owner", "_place", "_waiting")

    def __init__(self) -> None:
        self._block = _thread.allocate_lock()
        self._owner: ThreadNode | None = None
        self._place: Place | None = None
        self._by_with = False
        self._lent = False
        self._waiting = 0
        self._contended = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock.

        Parameters:
            blocking: whether to wait for it.
            timeout: seconds to wait at most; -1 waits without a bound. Only a wait without a bound is judged.

        Returns:
            Whether the lock was taken.

        Raises:
            DeadlockError: the wait can never end.
            ValueError: a timeout that is negative (other than -1), or given with ``blocking=False``.
        """
        if not self._block.acquire(False):
            if not blocking or timeout != -1:
                if not self._block.acquire(blocking, timeout):
                    return False
            else:
                self._wait()
        elif timeout != -1 and (not blocking or timeout < 0):
            self._block.release()
            raise ValueError("can't specify a timeout for a non-blocking call, nor a negative one")
        self._by_with = False
        self._owner = current()
        self._place = caller()
        return True

    def release(self) -> None:
        """Give the lock back.

        Raises:
            RuntimeError: the lock is not held.
        """
        if self._owner is not None and self._owner is not current():
            self._lent = True
        self._owner = None
        self._block.release()

    def locked(self) -> bool:
        """Whether somebody holds the lock."""
        return self._block.locked()

    def __enter__(self) -> bool:
        if not self._block.acquire(False):
            self._wait()
        self._by_with = True
        self._owner = current()
        self._place = caller()
        return True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def need(self) -> Need | None:
        """The owner, for the graph: a contended lock goes on when its owner does."""
        owner = self._owner
        if owner is None or self._lent:
            return None
        return Need(Mode.ALL, (owner,), likely=not self._by_with)

    def describe(self) -> str:
        """The lock in the words of a message."""
        return _describe("lock", self, self._owner, self._place)

    def statistics(self) -> LockStatistics:
        """What the lock looks like now; the fields are read one after the other, without stopping anybody."""
        return _statistics(self._owner, self._place, self._waiting, self._contended, self._lent)

    def _wait(self) -> None:
        self._waiting += 1
        self._contended += 1
        try:
            _wait_for(self, self._block)
        finally:
            self._waiting -= 1

    # What `threading.Condition` asks its lock for.

    def _is_owned(self) -> bool:
        return self._owner is current()

    def _release_save(self) -> tuple[bool, Place | None]:
        saved = (self._by_with, self._place)
        self.release()
        return saved

    def _acquire_restore(self, saved: tuple[bool, Place | None]) -> None:
        if not self._block.acquire(False):
            self._wait()
        self._by_with, self._place = saved
        self._owner = current()

    def _at_fork_reinit(self) -> None:
        self._block = _thread.allocate_lock()
        self._owner = None

    def __repr__(self) -> str:
        return f"<{'locked' if self.locked() else 'unlocked'} {type(self).__qualname__} at {id(self):#x}>"


class RLock:
    """`threading.RLock` whose owner is visible to the graph. Only its owner may release it, so it always counts."""

    __slots__ = ("__weakref__", "_block", "_contended", "_count", "_owner", "_place", "_waiting")

    def __init__(self) -> None:
        self._block = _thread.allocate_lock()
        self._owner: ThreadNode | None = None
        self._place: Place | None = None
        self._count = 0
        self._waiting = 0
        self._contended = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock, once more if the calling thread holds it already.

        Parameters:
            blocking: whether to wait for it.
            timeout: seconds to wait at most; -1 waits without a bound. Only a wait without a bound is judged.

        Returns:
            Whether the lock was taken.

        Raises:
            DeadlockError: the wait can never end.
            ValueError: a timeout that is negative (other than -1), or given with ``blocking=False``.
        """
        if timeout != -1 and (not blocking or timeout < 0):
            raise ValueError("can't specify a timeout for a non-blocking call, nor a negative one")
        me = current()
        if self._owner is me:
            self._count += 1
            return True
        if not self._block.acquire(False):
            if not blocking or timeout != -1:
                if not self._block.acquire(blocking, timeout):
                    return False
            else:
                self._wait()
        self._owner = me
        self._count = 1
        self._place = caller()
        return True

    def release(self) -> None:
        """Give the lock back once.

        Raises:
            RuntimeError: the calling thread does not hold it.
        """
        if self._owner is not current():
            raise RuntimeError("cannot release a lock that this thread does not hold")
        self._count -= 1
        if not self._count:
            self._owner = None
            self._block.release()

    def locked(self) -> bool:
        """Whether somebody holds the lock (`threading.RLock` has this since Python 3.14)."""
        return self._block.locked()

    def __enter__(self) -> bool:
        self.acquire()
        if self._count == 1:
            self._place = caller()
        return True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def need(self) -> Need | None:
        """The owner, for the graph."""
        owner = self._owner
        return None if owner is None else Need(Mode.ALL, (owner,))

    def describe(self) -> str:
        """The lock in the words of a message."""
        return _describe("re-entrant lock", self, self._owner, self._place)

    def statistics(self) -> LockStatistics:
        """What the lock looks like now; the fields are read one after the other, without stopping anybody."""
        return _statistics(self._owner, self._place, self._waiting, self._contended, False)

    def _wait(self) -> None:
        self._waiting += 1
        self._contended += 1
        try:
            _wait_for(self, self._block)
        finally:
            self._waiting -= 1

    # What `threading.Condition` asks its lock for.

    def _is_owned(self) -> bool:
        return self._owner is current()

    def _recursion_count(self) -> int:
        return self._count if self._owner is current() else 0

    def _release_save(self) -> tuple[int, Place | None]:
        saved = (self._count, self._place)
        if self._owner is not current():
            raise RuntimeError("cannot release a lock that this thread does not hold")
        self._count = 0
        self._owner = None
        self._block.release()
        return saved

    def _acquire_restore(self, saved: tuple[int, Place | None]) -> None:
        if not self._block.acquire(False):
            self._wait()
        self._count, self._place = saved
        self._owner = current()

    def _at_fork_reinit(self) -> None:
        self._block = _thread.allocate_lock()
        self._owner = None
        self._count = 0

    def __repr__(self) -> str:
        owner = self._owner
        held = "unlocked" if owner is None else f"held by {owner.name!r}"
        return f"<{held} {type(self).__qualname__} count={self._count} at {id(self):#x}>"


def _wait_for(lock: Lock | RLock, block: _thread.LockType) -> None:
    if block.acquire(True, GRACE):
        return
    with Wait((lock,)) as wait:
        while not block.acquire(True, min(wait.slice(), _LONGEST_SLICE)):
            wait.look()
        if wait.verdict is not None:
            block.release()
        wait.end()


def _describe(kind: str, lock: object, owner: ThreadNode | None, place: Place | None) -> str:
    name = f"{kind} {id(lock):#x}"
    return name if owner is None else f"{name} (taken by {owner.name!r} at {place})"


def _statistics(
    owner: ThreadNode | None, place: Place | None, waiting: int, contended: int, lent: bool
) -> LockStatistics:
    if owner is None:
        return LockStatistics(None, None, waiting, contended, lent)
    return LockStatistics(owner.name, None if place is None else str(place), waiting, contended, lent)
