"""What both kinds of guarded locks have in common: their owner, and how they wait."""

from __future__ import annotations

import _thread
import sys
from collections.abc import Callable
from functools import lru_cache
from types import CodeType, FrameType
from typing import TYPE_CHECKING, NamedTuple

from conclint_runtime.guard.deadlocks.holders import Holder, current_task
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


def _outside(frame: FrameType) -> FrameType:
    """The frame that called the machinery, from one within it outwards; on the path of every lock, so kept short."""
    back = frame.f_back
    while back is not None and _is_machinery(frame.f_globals.get("__name__", "")):
        frame, back = back, back.f_back
    return frame


@lru_cache(maxsize=1024)
def _is_machinery(module: str) -> bool:
    return module.startswith(_MACHINERY)


def _taken(depth: int) -> Taken:
    frame = _outside(sys._getframe(depth))
    return Taken(frame.f_code, frame.f_lineno, current_task())


def is_ours(depth: int) -> bool:
    """Whether the code so many calls up is this package's."""
    return str(sys._getframe(depth).f_globals.get("__name__")).startswith("conclint_runtime.")


def made_at() -> tuple[str, int]:
    """The file and line that makes a lock, outside of the machinery."""
    frame = _outside(sys._getframe(2))
    return (frame.f_code.co_filename, frame.f_lineno)


#: Called with the holder after it took a lock that it may have had to wait for, while it holds others.
Ordering = Callable[[Holder], None]


class LockEvents:
    """Who is told of what guarded locks do: nobody, unless a guard is on. Locks outlive the guard that made them."""

    ordering: Ordering | None = None
    failed: Callable[[], None] | None = None


class OwnedLock:
    """A lock that knows who holds it, since where.

    Attributes:
        owner: who holds it.
        taken: where it was taken last.
        by_with: whether a `with` block holds it, or it can only be given back by its owner.
        lent: whether it was given back by another thread than its owner: then it is a signal, and has none.
        made: the file and line that made it.
    """

    __slots__ = ("__weakref__", "_block", "by_with", "lent", "made", "owner", "taken")

    kind = "lock"

    def __init__(self) -> None:
        self._block = _thread.allocate_lock()
        self.owner: Holder | None = None
        self.taken: Taken | None = None
        self.by_with = False
        self.lent = False
        self.made = made_at()

    def locked(self) -> bool:
        """Whether somebody holds it."""
        return self._block.locked()

    def need(self) -> Need | None:
        """Its owner, for the graph."""
        owner = self.owner
        node = owner.node() if owner is not None else None
        if node is None or self.lent:
            return None
        return Need(Mode.ALL, (node,), likely=not self.by_with)

    def describe(self) -> str:
        """The lock in the words of a message: where it was made, who holds it since where."""
        name = f"the {self.kind} made at {self.made[0]}:{self.made[1]}"
        owner, taken = self.owner, self.taken
        if owner is None or taken is None:
            return name
        return f"{name} (held by {owner.name()!r} since {taken.code.co_filename}:{taken.line})"

    def _take(self, holder: Holder, *, by_with: bool, ordered: bool) -> None:
        self.by_with = by_with
        self.taken = _taken(2)
        self.owner = holder
        holder.held.append(self)
        if ordered and LockEvents.ordering is not None and len(holder.held) > 1:
            LockEvents.ordering(holder)

    def _forget(self) -> None:
        owner, self.owner = self.owner, None
        try:
            if owner is not None:
                owner.held.remove(self)
        except ValueError:  # released at the same moment by another thread
            pass

    def _block_within(self, blocking: bool, timeout: float) -> bool:
        """Take the interpreter's lock as a call that may give up."""
        if self._block.acquire(blocking, timeout):
            return True
        if LockEvents.failed is not None:
            LockEvents.failed()
        return False

    def _wait(self, holder: Holder) -> None:
        """Take the interpreter's lock, however long it takes, as a wait that the graph sees.

        Raises:
            DeadlockError: it never will be.
        """
        block = self._block
        if block.acquire(False):
            return
        if holder.node() is None:
            block.acquire()
            return
        with Wait((self,)) as wait:
            while not block.acquire(True, min(wait.slice(), _LONGEST_SLICE)):
                wait.look()
            if wait.verdict is not None:
                block.release()
                raise DeadlockError(wait.verdict)

    def _at_fork_reinit(self) -> None:
        self._block = _thread.allocate_lock()
        self.owner = None

    def __repr__(self) -> str:
        return f"<{'locked' if self.locked() else 'unlocked'} {self.kind} made at {self.made[0]}:{self.made[1]}>"
