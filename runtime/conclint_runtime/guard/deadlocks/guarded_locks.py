"""What `threading.Lock` and `threading.RLock` make while the guard is on: locks that know who holds them."""

from __future__ import annotations

import _thread
import sys
from collections.abc import Callable
from types import CodeType, FrameType, TracebackType
from typing import TYPE_CHECKING, NamedTuple

from conclint_runtime.guard.deadlocks.holders import Holder, current_task, here
from conclint_runtime.waitgraph import DeadlockError, Mode, Need, Wait

if TYPE_CHECKING:
    from asyncio import Task

_LONGEST_SLICE = 0.05
"""Seconds: nobody can wake a thread that blocks in a lock of the interpreter, so a condemned one looks so often."""

_MACHINERY = ("threading", "queue", "contextlib", "conclint_runtime.guard.")


class Taken(NamedTuple):
    """Where a lock was taken, and by whom: the code, its line, the task."""

    code: CodeType
    line: int
    task: Task[object] | None


def _taken(depth: int) -> Taken:
    frame: FrameType = sys._getframe(depth)
    while str(frame.f_globals.get("__name__")).startswith(_MACHINERY) and frame.f_back is not None:
        frame = frame.f_back
    return Taken(frame.f_code, frame.f_lineno, current_task())


def is_ours(depth: int) -> bool:
    """Whether the code so many calls up is this package's."""
    return str(sys._getframe(depth).f_globals.get("__name__")).startswith("conclint_runtime.")


def made_at() -> tuple[str, int]:
    """The file and line that makes a lock, outside of the machinery."""
    taken = _taken(3)
    return (taken.code.co_filename, taken.line)


#: Called with the holder after it took a lock that it may have had to wait for, while it holds others.
Ordering = Callable[[Holder], None]


class LockEvents:
    """Who is told of what guarded locks do: nobody, unless a guard is on. Locks outlive the guard that made them."""

    ordering: Ordering | None = None
    failed: Callable[[], None] | None = None


class GuardedLock:
    """`threading.Lock`, with an owner.

    A lock may be released by any thread, so holding one proves nothing by itself. It certainly has an owner while a
    `with` block holds it; taken by a bare `acquire()` it likely has; and once another thread than the one that took it
    has released it, it is a signal, and has none.
    """

    __slots__ = ("__weakref__", "_block", "by_with", "lent", "made", "owner", "taken")

    def __new__(cls) -> GuardedLock:
        """A plain lock for this package's own use, whose locks are signals and whose waits the graph knows better."""
        if is_ours(2):
            return _thread.allocate_lock()  # type: ignore[return-value]
        return super().__new__(cls)

    def __init__(self) -> None:
        self._block = _thread.allocate_lock()
        self.owner: Holder | None = None
        self.taken: Taken | None = None
        self.by_with = False
        self.lent = False
        self.made = made_at()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """As `threading.Lock.acquire`.

        Raises:
            DeadlockError: the wait can never end, certainly.
        """
        holder = here()
        if not self._block.acquire(False):
            if not blocking or timeout != -1:
                if not self._block.acquire(blocking, timeout):
                    if LockEvents.failed is not None:
                        LockEvents.failed()
                    return False
            else:
                self._wait(holder)
        elif timeout != -1 and (not blocking or timeout < 0):
            self._block.release()
            self._block.acquire(blocking, timeout)
        self._take(holder, by_with=False, ordered=blocking and timeout == -1)
        return True

    def release(self) -> None:
        """As `threading.Lock.release`."""
        owner = self.owner
        if owner is not None:
            if owner is not here():
                self.lent = True
            self._forget(owner)
        self.owner = None
        self._block.release()

    def locked(self) -> bool:
        """Whether somebody holds it."""
        return self._block.locked()

    acquire_lock, release_lock, locked_lock = acquire, release, locked

    def __enter__(self) -> bool:
        holder = here()
        if not self._block.acquire(False):
            self._wait(holder)
        self._take(holder, by_with=True, ordered=True)
        return True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _take(self, holder: Holder, *, by_with: bool, ordered: bool) -> None:
        self.by_with = by_with
        self.taken = _taken(3)
        self.owner = holder
        holder.held.append(self)
        if ordered and LockEvents.ordering is not None and len(holder.held) > 1:
            LockEvents.ordering(holder)

    def _forget(self, owner: Holder) -> None:
        try:
            owner.held.remove(self)
        except ValueError:  # released at the same moment by another thread
            pass

    def _wait(self, holder: Holder) -> None:
        if holder.node() is None:
            self._block.acquire()
        else:
            wait_for(self, self._block)

    def need(self) -> Need | None:
        """Its owner, for the graph."""
        owner = self.owner
        node = owner.node() if owner is not None else None
        if node is None or self.lent:
            return None
        return Need(Mode.ALL, (node,), likely=not self.by_with)

    def describe(self) -> str:
        """The lock in the words of a message."""
        return described("lock", self.made, self.owner, self.taken)

    # What `threading.Condition` asks its lock for.

    def _release_save(self) -> bool:
        by_with = self.by_with
        self.release()
        return by_with

    def _acquire_restore(self, by_with: bool) -> None:
        holder = here()
        if not self._block.acquire(False):
            self._wait(holder)
        self._take(holder, by_with=by_with, ordered=True)

    def _at_fork_reinit(self) -> None:
        self._block = _thread.allocate_lock()
        self.owner = None

    def __repr__(self) -> str:
        return f"<{'locked' if self.locked() else 'unlocked'} lock made at {self.made[0]}:{self.made[1]}>"


class GuardedRLock:
    """`threading.RLock`, whose owner the graph sees. Only its owner may release it, so it always counts."""

    __slots__ = ("__weakref__", "_block", "_count", "made", "owner", "taken")

    by_with = True
    lent = False

    def __new__(cls) -> GuardedRLock:
        """A plain lock for this package's own use."""
        if is_ours(2):
            return _thread.RLock()  # type: ignore[return-value]
        return super().__new__(cls)

    def __init__(self) -> None:
        self._block = _thread.allocate_lock()
        self._count = 0
        self.owner: Holder | None = None
        self.taken: Taken | None = None
        self.made = made_at()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """As `threading.RLock.acquire`.

        Raises:
            DeadlockError: the wait can never end, certainly.
        """
        holder = here()
        if self.owner is holder:
            self._count += 1
            return True
        if not blocking or timeout != -1:
            if not self._block.acquire(blocking, timeout):
                if LockEvents.failed is not None:
                    LockEvents.failed()
                return False
        elif not self._block.acquire(False):
            self._wait(holder)
        self._take(holder, 1, ordered=blocking and timeout == -1)
        return True

    def release(self) -> None:
        """As `threading.RLock.release`."""
        if self.owner is not here():
            raise RuntimeError("cannot release un-acquired lock")
        self._count -= 1
        if not self._count:
            self._free()

    def locked(self) -> bool:
        """Whether somebody holds it."""
        return self._block.locked()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _take(self, holder: Holder, count: int, *, ordered: bool) -> None:
        self._count = count
        self.taken = _taken(3)
        self.owner = holder
        holder.held.append(self)
        if ordered and LockEvents.ordering is not None and len(holder.held) > 1:
            LockEvents.ordering(holder)

    def _free(self) -> None:
        owner = self.owner
        self.owner = None
        self._count = 0
        if owner is not None:
            owner.held.remove(self)
        self._block.release()

    def _wait(self, holder: Holder) -> None:
        if holder.node() is None:
            self._block.acquire()
        else:
            wait_for(self, self._block)

    def need(self) -> Need | None:
        """Its owner, for the graph."""
        owner = self.owner
        node = owner.node() if owner is not None else None
        return None if node is None else Need(Mode.ALL, (node,))

    def describe(self) -> str:
        """The lock in the words of a message."""
        return described("re-entrant lock", self.made, self.owner, self.taken)

    # What `threading.Condition` asks its lock for.

    def _is_owned(self) -> bool:
        return self.owner is here()

    def _recursion_count(self) -> int:
        return self._count if self.owner is here() else 0

    def _release_save(self) -> int:
        if self.owner is not here():
            raise RuntimeError("cannot release un-acquired lock")
        count = self._count
        self._free()
        return count

    def _acquire_restore(self, count: int) -> None:
        holder = here()
        if not self._block.acquire(False):
            self._wait(holder)
        self._take(holder, count, ordered=True)

    def _at_fork_reinit(self) -> None:
        self._block = _thread.allocate_lock()
        self._count = 0
        self.owner = None

    def __repr__(self) -> str:
        return f"<{'locked' if self.locked() else 'unlocked'} re-entrant lock made at {self.made[0]}:{self.made[1]}>"


def wait_for(lock: GuardedLock | GuardedRLock, block: _thread.LockType) -> None:
    """Block until the interpreter's lock is taken, as a wait that the graph sees.

    Raises:
        DeadlockError: it never will be.
    """
    with Wait((lock,)) as wait:
        while not block.acquire(True, min(wait.slice(), _LONGEST_SLICE)):
            wait.look()
        if wait.verdict is not None:
            block.release()
            raise DeadlockError(wait.verdict)


def described(kind: str, made: tuple[str, int], owner: Holder | None, taken: Taken | None) -> str:
    """A lock in words: where it was made, who holds it since where."""
    name = f"the {kind} made at {made[0]}:{made[1]}"
    if owner is None or taken is None:
        return name
    return f"{name} (held by {owner.name()!r} since {taken.code.co_filename}:{taken.line})"
