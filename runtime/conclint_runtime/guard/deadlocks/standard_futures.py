"""The futures and thread pools of `concurrent.futures` as nodes of the graph.

The classes are changed in place, so pools that were made earlier and names that were bound early count too. A future
that a standard pool gives is made one of `conclint_runtime.executors`, whose waits the graph sees already.
"""

from __future__ import annotations

import concurrent.futures
import concurrent.futures.thread
import threading
import weakref
from collections.abc import Callable
from typing import Protocol, TypeVar, cast

from conclint_runtime.executors.future import Future, adopt
from conclint_runtime.guard.deadlocks.promises import promise_of
from conclint_runtime.guard.patching import Patches
from conclint_runtime.waitgraph import Mode, Need, ThreadNode, Wait, current, future_node, node_of, user_caller

T = TypeVar("T")
_Pool = concurrent.futures.ThreadPoolExecutor
_Standard = concurrent.futures.Future


class _Item(Protocol):
    """A job in the queue of a standard pool."""

    future: _Standard[object]


class StandardPool:
    """A thread pool of the standard library: what its queued jobs wait for."""

    __slots__ = ("__weakref__", "_pool", "name")

    def __init__(self, pool: _Pool) -> None:
        self._pool = weakref.ref(pool)
        self.name = str(getattr(pool, "_thread_name_prefix", "") or "a pool")

    def workers(self) -> tuple[ThreadNode, ...]:
        """Its threads."""
        pool = self._pool()
        threads: object = getattr(pool, "_threads", ())
        return tuple(node_of(thread) for thread in tuple(cast("set[threading.Thread]", threads)))

    def need(self) -> Need | None:
        """One of its workers, once there can be no more of them."""
        pool = self._pool()
        if pool is None or len(pool._threads) < pool._max_workers:
            return None
        workers = self.workers()
        # A worker without a job serves at once, or runs one that began before anybody looked.
        if any(node.wait is None and node.job is None and not node.ended() for node in workers):
            return None
        return Need(Mode.ANY, workers)

    def assist(self) -> None:
        """Nothing: a standard pool starts its workers when jobs are submitted, and only then."""

    def describe(self) -> str:
        """The pool in the words of a message."""
        workers = self.workers()
        waiting = sum(node.wait is not None for node in workers)
        return f"pool {self.name!r} ({waiting} of its {len(workers)} workers wait)"


_pools: weakref.WeakKeyDictionary[_Pool, StandardPool] = weakref.WeakKeyDictionary()


def watch_pools(patches: Patches) -> None:
    """Let the graph see waits for jobs of standard thread pools, until the patches are undone."""
    patches.put(_Pool, "submit", _submit_seen(_Pool.submit))
    item = vars(concurrent.futures.thread)["_WorkItem"]
    patches.put(item, "run", _run_seen(item.run))
    patches.put(_Standard, "result", _judged(_Standard.result))
    patches.put(_Standard, "exception", _judged(_Standard.exception))


def _submit_seen(submit: Callable[..., _Standard[object]]) -> Callable[..., _Standard[object]]:
    def seen(self: _Pool, fn: Callable[..., object], /, *args: object, **kwargs: object) -> _Standard[object]:
        future = submit(self, fn, *args, **kwargs)
        if type(future) is not _Standard:
            return future
        pool = _pools.get(self)
        if pool is None:
            pool = _pools.setdefault(self, StandardPool(self))
        return adopt(future, pool, fn, user_caller())

    return seen


def _run_seen(run: Callable[..., None]) -> Callable[..., None]:
    def seen(self: _Item, *args: object) -> None:
        node = current()
        future = self.future
        before, node.job = node.job, _Job(future)
        # Known before the future is one of ours: its pool's thread may be faster than `submit`.
        future._runner = node  # type: ignore[attr-defined]
        del future
        try:
            run(self, *args)
        finally:
            node.job = before

    return seen


class _Job:
    """What a worker runs, for messages."""

    __slots__ = ("_future",)

    def __init__(self, future: _Standard[object]) -> None:
        self._future = weakref.ref(future)

    def need(self) -> None:
        """Nothing that the graph would ask for here."""

    def describe(self) -> str:
        future = self._future()
        return future.describe() if isinstance(future, Future) else "a job"


def _judged(wait: Callable[..., T]) -> Callable[..., T]:
    """Of a plain future, such as `run_coroutine_threadsafe` gives: judge the wait where its completer is known."""

    def seen(self: _Standard[object], timeout: float | None = None) -> T:
        if timeout is None and type(self) is _Standard and not self.done():
            node = promise_of(self) or future_node(self)
            if node is not None:
                condition: threading.Condition = self._condition

                def wake() -> None:
                    with condition:
                        condition.notify_all()

                with Wait((node,), wake=wake) as wait_:
                    while not self.done():
                        with condition:
                            if not self.done() and wait_.verdict is None:
                                condition.wait(wait_.slice())
                        if not self.done():
                            wait_.look()
        return wait(self, timeout)

    return seen
