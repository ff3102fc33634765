"""Locks of asyncio with their owners, and tasks that wait for each other by them.

A loop may be busy all the time while two of its tasks wait for each other for ever: nothing but the graph shows it.
"""

from __future__ import annotations

import asyncio
import sys
import weakref
from collections.abc import Callable, Coroutine

from conclint_runtime.guard.patching import Patches
from conclint_runtime.waitgraph import Awaitable, Deadlock, DeadlockError, Mode, Need, dead_nodes, deadlock_of

_Task = asyncio.Task[object]
#: Where actors of the xoscar face take the lock that lets one message in at a time.
_MESSAGES = "conclint_runtime.xo.locking"
_Found = Callable[[Deadlock], bool]


class AsyncLock:
    """A lock of asyncio, and the task that holds it."""

    __slots__ = ("__weakref__", "_lock", "lent", "of_actor", "owner")

    def __init__(self, lock: asyncio.Lock) -> None:
        self._lock = weakref.ref(lock)
        self.owner: _Task | None = None
        self.lent = False
        self.of_actor = False

    def need(self) -> Need | None:
        """The task that holds it; one that is over will not release it, but somebody else may."""
        lock, owner = self._lock(), self.owner
        if lock is None or not lock.locked() or owner is None or self.lent or owner.done():
            return None
        return Need(Mode.ALL, (Awaitable(owner),))

    def describe(self) -> str:
        """The lock in the words of a message."""
        owner = self.owner
        return "an asyncio.Lock" if owner is None else f"an asyncio.Lock held by task {owner.get_name()!r}"


class AsyncLocks:
    """Watches the locks of asyncio while the guard is on.

    Args:
        found: called with each deadlock; says whether its waiter is to get a `DeadlockError`.
    """

    def __init__(self, found: _Found) -> None:
        self._found = found
        self._locks: weakref.WeakKeyDictionary[asyncio.Lock, AsyncLock] = weakref.WeakKeyDictionary()
        self._waits: weakref.WeakKeyDictionary[_Task, AsyncLock] = weakref.WeakKeyDictionary()

    def watch(self, patches: Patches) -> None:
        """Begin, until the patches are undone."""
        patches.put(asyncio.Lock, "acquire", self._seen_acquire(asyncio.Lock.acquire))
        patches.put(asyncio.Lock, "release", self._seen_release(asyncio.Lock.release))
        patches.put(Awaitable, "need", self._need_with_locks(Awaitable.need))

    def _node(self, lock: asyncio.Lock) -> AsyncLock:
        node = self._locks.get(lock)
        return node if node is not None else self._locks.setdefault(lock, AsyncLock(lock))

    def _seen_acquire(
        self, acquire: Callable[[asyncio.Lock], Coroutine[object, object, bool]]
    ) -> Callable[[asyncio.Lock], Coroutine[object, object, bool]]:
        async def acquire_seen(lock: asyncio.Lock) -> bool:
            task = asyncio.current_task()
            if task is None:
                return await acquire(lock)
            node = self._node(lock)
            node.of_actor = sys._getframe(1).f_globals.get("__name__") == _MESSAGES
            if lock.locked():
                self._waits[task] = node
                # The task awaits only after this step; the loop looks in its next turn.
                asyncio.get_running_loop().call_soon(self._look, weakref.ref(task))
            try:
                await acquire(lock)
            finally:
                self._waits.pop(task, None)
            node.owner = task
            return True

        return acquire_seen

    def _seen_release(self, release: Callable[[asyncio.Lock], None]) -> Callable[[asyncio.Lock], None]:
        def release_seen(lock: asyncio.Lock) -> None:
            node = self._locks.get(lock)
            if node is not None and node.owner is not None:
                try:
                    node.lent = node.lent or asyncio.current_task() is not node.owner
                except RuntimeError:
                    node.lent = True
                node.owner = None
            release(lock)

        return release_seen

    def _need_with_locks(self, need: Callable[[Awaitable], Need | None]) -> Callable[[Awaitable], Need | None]:
        def with_locks(awaitable: Awaitable) -> Need | None:
            found = need(awaitable)
            task = awaitable._future
            lock = self._waits.get(task) if isinstance(task, asyncio.Task) else None
            if found is None or lock is None:
                return found
            waiter: object = getattr(task, "_fut_waiter", None)
            if waiter is None or isinstance(waiter, asyncio.Task):
                return found
            # It awaits the lock's own future, of which nothing else is known.
            return Need(Mode.ALL, (lock, *found.nodes[1:]), found.token)

        return with_locks

    def _look(self, reference: weakref.ref[_Task]) -> None:
        task = reference()
        if task is None or task.done() or task not in self._waits:
            return
        node = Awaitable(task)
        dead = dead_nodes((node,), deep=False)
        if node not in dead:
            return
        deadlock = deadlock_of(node, dead)
        waiter: asyncio.Future[object] | None = getattr(task, "_fut_waiter", None)
        if self._found(deadlock) and waiter is not None and not waiter.done():
            waiter.set_exception(DeadlockError(deadlock))
