"""What `threading.Lock` and `threading.RLock` make while the guard is on: locks that know who holds them."""

from __future__ import annotations

import _thread
from types import TracebackType

from conclint_runtime.guard.deadlocks.holders import here
from conclint_runtime.guard.deadlocks.owned_lock import OwnedLock, is_ours


class GuardedLock(OwnedLock):
    """`threading.Lock`, with an owner.

    A lock may be released by any thread, so holding one proves nothing by itself. It certainly has an owner while a
    `with` block holds it; taken by a bare `acquire()` it likely has; and once another thread than the one that took it
    has released it, it is a signal, and has none.
    """

    __slots__ = ()

    def __new__(cls) -> GuardedLock:
        """A plain lock for this package's own use, whose locks are signals and whose waits the graph knows better."""
        if is_ours(2):
            return _thread.allocate_lock()  # type: ignore[return-value]
        return super().__new__(cls)

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """As `threading.Lock.acquire`.

        Raises:
            DeadlockError: the wait can never end, certainly.
        """
        holder = here()
        ordered = blocking and timeout == -1
        if ordered:
            self._wait(holder)
        elif not self._block_within(blocking, timeout):
            return False
        self._take(holder, by_with=False, ordered=ordered)
        return True

    def release(self) -> None:
        """As `threading.Lock.release`."""
        if self.owner is not None and self.owner is not here():
            self.lent = True
        self._forget()
        self._block.release()

    acquire_lock, release_lock, locked_lock = acquire, release, OwnedLock.locked

    def __enter__(self) -> bool:
        holder = here()
        self._wait(holder)
        self._take(holder, by_with=True, ordered=True)
        return True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    # What `threading.Condition` asks its lock for.

    def _release_save(self) -> bool:
        by_with = self.by_with
        self.release()
        return by_with

    def _acquire_restore(self, by_with: bool) -> None:
        holder = here()
        self._wait(holder)
        self._take(holder, by_with=by_with, ordered=True)


class GuardedRLock(OwnedLock):
    """`threading.RLock`, whose owner the graph sees. Only its owner may release it, so it always counts."""

    __slots__ = ("_count",)

    # Where the interpreter's own is from: trio refuses to run with any other.
    __module__ = "_thread"
    kind = "re-entrant lock"

    def __new__(cls) -> GuardedRLock:
        """A plain lock for this package's own use."""
        if is_ours(2):
            return _thread.RLock()  # type: ignore[return-value]
        return super().__new__(cls)

    def __init__(self) -> None:
        super().__init__()
        self._count = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """As `threading.RLock.acquire`.

        Raises:
            DeadlockError: the wait can never end, certainly.
        """
        holder = here()
        if self.owner is holder:
            self._count += 1
            return True
        ordered = blocking and timeout == -1
        if ordered:
            self._wait(holder)
        elif not self._block_within(blocking, timeout):
            return False
        self._count = 1
        self._take(holder, by_with=True, ordered=ordered)
        return True

    def release(self) -> None:
        """As `threading.RLock.release`."""
        if self.owner is not here():
            raise RuntimeError("cannot release un-acquired lock")
        self._count -= 1
        if not self._count:
            self._forget()
            self._block.release()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    # What `threading.Condition` asks its lock for.

    def _is_owned(self) -> bool:
        return self.owner is here()

    def _recursion_count(self) -> int:
        return self._count if self.owner is here() else 0

    def _release_save(self) -> int:
        if self.owner is not here():
            raise RuntimeError("cannot release un-acquired lock")
        count, self._count = self._count, 0
        self._forget()
        self._block.release()
        return count

    def _acquire_restore(self, count: int) -> None:
        holder = here()
        self._wait(holder)
        self._count = count
        self._take(holder, by_with=True, ordered=True)
