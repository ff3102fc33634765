"""Locks that know their owner, so that a wait for one can be judged."""

from __future__ import annotations

import _thread
from abc import ABC, abstractmethod
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
        contended: about how often a thread had to wait for it so far; nothing is locked to count.
        lent: whether it was released by a thread that had not taken it; such a lock is a signal and has no owner.
    """

    owner: str | None
    taken_at: str | None
    waiting: int
    contended: int
    lent: bool


class _OwnedLock(ABC):
    """A lock of the interpreter, its owner, and the line that took it."""

    __slots__ = ("__weakref__", "_block", "_contended", "_lent", "_owner", "_place", "_waiting")

    def __init__(self) -> None:
        self._block = _thread.allocate_lock()
        self._owner: ThreadNode | None = None
        self._place: Place | None = None
        self._lent = False
        self._waiting: set[ThreadNode] = set()
        self._contended = 0

    @abstractmethod
    def release(self) -> None:
        """Give the lock back."""

    def locked(self) -> bool:
        """Whether somebody holds the lock."""
        return self._block.locked()

    def need(self) -> Need | None:
        """The owner, for the graph: a contended lock goes on when its owner does."""
        owner = self._owner
        return None if owner is None else Need(Mode.ALL, (owner,))

    def describe(self) -> str:
        """The lock in the words of a message."""
        name = f"{type(self).__name__} {id(self):#x}"
        owner = self._owner
        return name if owner is None else f"{name} (taken by {owner.name!r} at {self._place})"

    def statistics(self) -> LockStatistics:
        """What the lock looks like now; the fields are read one after the other, without stopping anybody."""
        owner, place = self._owner, self._place
        if owner is None:
            return LockStatistics(None, None, len(self._waiting), self._contended, self._lent)
        return LockStatistics(owner.name, str(place), len(self._waiting), self._contended, self._lent)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def __repr__(self) -> str:
        return f"<{'locked' if self.locked() else 'unlocked'} {type(self).__qualname__} at {id(self):#x}>"

    def _take(self, blocking: bool = True, timeout: float = -1) -> bool:
        if timeout != -1 and (not blocking or timeout < 0):
            raise ValueError("can't specify a timeout for a non-blocking call, nor a negative one")
        if self._block.acquire(False):
            return True
        if not blocking:
            return False
        if timeout != -1:
            return self._block.acquire(True, timeout)
        self._contended += 1
        if not self._block.acquire(True, GRACE):
            self._wait()
        return True

    def _wait(self) -> None:
        me = current()
        self._waiting.add(me)
        try:
            with Wait((self,)) as wait:
                while not self._block.acquire(True, min(wait.slice(), _LONGEST_SLICE)):
                    wait.look()
                if wait.verdict is not None:
                    self._block.release()
                wait.end()
        finally:
            self._waiting.discard(me)

    # What `threading.Condition` asks its lock for; `_release_save` and `_acquire_restore` are with each kind.

    def _is_owned(self) -> bool:
        return self._owner is current()

    def _at_fork_reinit(self) -> None:
        self._block = _thread.allocate_lock()
        self._owner = None
        self._waiting = set()


class Lock(_OwnedLock):
    """`threading.Lock` with an owner.

    A lock may be released by any thread, so holding one proves nothing by itself. It counts as owned while a
    ``with`` block holds it; taken by a bare ``acquire()``, a deadlock over it is only likely and never raised; and once
    another thread than its owner has released it, it is a signal and never counts again.

    Source: https://docs.python.org/3/library/threading.html#lock-objects
    """

    __slots__ = ("_by_with",)

    def __init__(self) -> None:
        super().__init__()
        self._by_with = False

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
        if not self._take(blocking, timeout):
            return False
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

    def need(self) -> Need | None:
        """The owner, for the graph; only likely where no ``with`` block holds the lock."""
        owner = self._owner
        return None if owner is None or self._lent else Need(Mode.ALL, (owner,), likely=not self._by_with)

    def __enter__(self) -> bool:
        self._take()
        self._by_with = True
        self._owner = current()
        self._place = caller()
        return True

    def _release_save(self) -> tuple[bool, Place | None]:
        saved = (self._by_with, self._place)
        self.release()
        return saved

    def _acquire_restore(self, saved: tuple[bool, Place | None]) -> None:
        self._take()
        self._by_with, self._place = saved
        self._owner = current()


class RLock(_OwnedLock):
    """`threading.RLock` whose owner is visible to the graph. Only its owner may release it, so it always counts.

    Source: https://docs.python.org/3/library/threading.html#rlock-objects
    """

    __slots__ = ("_count",)

    def __init__(self) -> None:
        super().__init__()
        self._count = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock, once more if the calling thread holds it already; parameters and errors as of `Lock`."""
        me = current()
        if self._owner is me:
            self._count += 1
            return True
        if not self._take(blocking, timeout):
            return False
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

    def __enter__(self) -> bool:
        self.acquire()
        if self._count == 1:
            self._place = caller()
        return True

    def _recursion_count(self) -> int:
        return self._count if self._owner is current() else 0

    def _release_save(self) -> tuple[int, Place | None]:
        saved = (self._count, self._place)
        if self._owner is current():
            self._count = 1
        self.release()
        return saved

    def _acquire_restore(self, saved: tuple[int, Place | None]) -> None:
        self._take()
        self._count, self._place = saved
        self._owner = current()

    def _at_fork_reinit(self) -> None:
        super()._at_fork_reinit()
        self._count = 0
