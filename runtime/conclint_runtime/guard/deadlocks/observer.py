"""The observer of deadlocks: what it puts on, in order, and takes off."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType

from conclint_runtime.guard.deadlocks.asyncio_locks import AsyncLocks
from conclint_runtime.guard.deadlocks.frames import import_lock
from conclint_runtime.guard.deadlocks.guarded_locks import GuardedLock, GuardedRLock
from conclint_runtime.guard.deadlocks.holders import holders
from conclint_runtime.guard.deadlocks.joins import watch_joins
from conclint_runtime.guard.deadlocks.lock_order import LockOrder
from conclint_runtime.guard.deadlocks.lookout import STEP, Lookout
from conclint_runtime.guard.deadlocks.owned_lock import LockEvents
from conclint_runtime.guard.deadlocks.promises import watch_promises
from conclint_runtime.guard.deadlocks.remote_calls import RemoteCalls
from conclint_runtime.guard.deadlocks.simple_queues import GuardedSimpleQueue
from conclint_runtime.guard.deadlocks.standard_futures import watch_pools
from conclint_runtime.guard.deadlocks.unheeded import Unheeded
from conclint_runtime.guard.deadlocks.verdicts import Verdicts
from conclint_runtime.guard.monitor import Monitor
from conclint_runtime.guard.patching import Patches
from conclint_runtime.guard.places import Scope
from conclint_runtime.guard.report import Report
from conclint_runtime.guard.settings import Settings
from conclint_runtime.waitgraph import Deadlock, Mode, Need, ThreadNode, Wait, liveness
from conclint_runtime.waitgraph.observed import observed_need

_Observed = Callable[[ThreadNode, dict[int, FrameType]], "Need | None"]


class Deadlocks:
    """Watches locks, joins, futures, pools, queues, conditions, loops and actors for waits that can never end."""

    name = "deadlocks"

    def __init__(self) -> None:
        self._patches = Patches()
        self._monitor: Monitor | None = None
        self._verdicts: Verdicts | None = None
        self._remote = RemoteCalls()

    def install(self, report: Report, settings: Settings, /) -> None:
        """Begin to watch. Locks that were made before, and are not the program's own globals, are not seen."""
        verdicts = self._verdicts = Verdicts(report, settings)
        order = LockOrder(verdicts.inversion)
        LockEvents.ordering = order.taken
        LockEvents.failed = Unheeded(verdicts, settings.scope).failed
        self._patches.put(Wait, "_is_condemned", _told(verdicts))
        self._patches.put(liveness, "observed_need", _with_imports(observed_need))
        self._replace_locks(settings.scope)
        watch_joins(self._patches, order.clock)
        watch_promises(self._patches)
        watch_pools(self._patches)
        AsyncLocks(verdicts.deadlock).watch(self._patches)
        self._remote.begin()
        lookout = Lookout(settings.scope, verdicts)
        self._monitor = Monitor(STEP, lookout.look)
        self._monitor.start()

    def uninstall(self) -> None:
        """Stop watching. Locks that were made meanwhile go on as plain locks."""
        if self._monitor is not None:
            self._monitor.stop()
        LockEvents.ordering = LockEvents.failed = None
        self._remote.end()
        self._patches.undo()

    def at_end(self, _: Report, /) -> None:
        """Report the locks whose threads are over."""
        verdicts = self._verdicts
        for holder in holders() if verdicts is not None else ():
            node = holder.node()
            for lock in tuple(holder.held):
                # What the main thread holds at the end nobody can wait for any more; a signal nobody gives back.
                is_over = node is not None and node.ended() and node.thread() is not threading.main_thread()
                if is_over and lock.taken is not None and not lock.lent and verdicts is not None:
                    verdicts.left_held(lock.taken, lock.describe())

    def _replace_locks(self, scope: Scope) -> None:
        made = {threading.Lock: GuardedLock, threading.RLock: GuardedRLock, queue.SimpleQueue: GuardedSimpleQueue}
        for owner, name in ((threading, "Lock"), (threading, "RLock"), (queue, "SimpleQueue")):
            self._patches.put(owner, name, made[getattr(owner, name)])
        for module, name, value in list(_globals(scope)):
            # Names that were bound early; by identity, since values of a program may not be hashable.
            for old, new in made.items():
                if value is old:
                    self._patches.put(module, name, new)


def _globals(scope: Scope) -> Iterator[tuple[object, str, object]]:
    for module in list(sys.modules.values()):
        file: object = getattr(module, "__file__", None)
        if isinstance(file, str) and scope.owner(file) == "user":
            for name, value in list(vars(module).items()):
                yield module, name, value


def _told(verdicts: Verdicts) -> Callable[[Wait, Deadlock], bool]:
    ordinary = Wait._is_condemned

    def is_condemned(wait: Wait, deadlock: Deadlock) -> bool:
        verdicts.deadlock(deadlock)
        return ordinary(wait, deadlock)

    return is_condemned


def _with_imports(ordinary: _Observed) -> _Observed:
    def observed(node: ThreadNode, frames: dict[int, FrameType]) -> Need | None:
        found = ordinary(node, frames)
        frame = frames.get(node.ident or 0)
        if found is not None or frame is None:
            return found
        lock = import_lock(frame)
        return None if lock is None else Need(Mode.ALL, (lock,))

    return observed
