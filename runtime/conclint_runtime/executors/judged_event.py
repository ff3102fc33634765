"""How a wait in `concurrent.futures.wait` and `as_completed` is seen, also where the name was bound early.

Both put a waiter into the `_waiters` list of each future and then block on the waiter's event. The list of our futures
replaces that event by one that registers the wait. Which futures are waited for, and whether one is enough, is read
from the waiting function's frame, once, when it blocks; where its variables do not say, nothing is claimed.
"""

from __future__ import annotations

import concurrent.futures
import concurrent.futures._base as standard
import sys
import threading
from collections.abc import Set
from itertools import islice
from types import FrameType

from ..waitgraph.chained import future_node
from ..waitgraph.liveness import is_live
from ..waitgraph.nodes import Mode, Need, Node
from ..waitgraph.waits import GRACE, Wait

_MODULE = "concurrent.futures._base"
_SAMPLE = 2
_Standard = concurrent.futures.Future
_Futures = Set["_Standard[object]"]


class WaiterList(list["standard._Waiter"]):
    """The waiters of one future, bounded by the calls that wait for it."""

    def append(self, waiter: standard._Waiter) -> None:
        """Add a waiter. The caller holds the conditions of all its futures and does not block yet."""
        if type(waiter.event) is threading.Event:
            waiter.event = JudgedEvent()
        super().append(waiter)


class JudgedEvent(threading.Event):
    """An event whose wait is registered with the futures of the waiting function."""

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the event is set.

        Parameters:
            timeout: seconds to wait at most; only a wait without a bound is judged.

        Raises:
            DeadlockError: none of the awaited futures can ever be done.
        """
        if timeout is not None:
            return super().wait(timeout)
        if super().wait(GRACE):
            return True
        node = _awaited(sys._getframe(1))
        if node is None:
            return super().wait()
        with Wait((node,), wake=self.set) as wait:
            while not super().wait(wait.slice()):
                wait.look()
            wait.end()
        return True


class Notice:
    """The news that a future is done, which is what `wait` and `as_completed` wait for."""

    __slots__ = ("_future",)

    def __init__(self, future: _Standard[object]) -> None:
        self._future = future

    def need(self) -> Need | None:
        future = self._future
        notice = getattr(future, "need_of_notice", None)
        if notice is not None:
            found: Need | None = notice()
            return found
        node = future_node(future)
        return None if node is None else node.need()

    def describe(self) -> str:
        node = future_node(self._future)
        return "a future that somebody else completes" if node is None else node.describe()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Notice) and other._future is self._future

    def __hash__(self) -> int:
        return hash((Notice, id(self._future)))


class FirstOf:
    """One of a set of futures that shrinks while it is waited for."""

    __slots__ = ("_futures",)

    def __init__(self, futures: _Futures) -> None:
        self._futures = futures

    def need(self) -> Need | None:
        # A set of n is waited for n times: most often one of the first proves it live, and the rest is not read.
        for future in _sample(self._futures):
            if is_live(Notice(future)):
                return None
        return Need(Mode.ANY, tuple(Notice(future) for future in tuple(self._futures)))

    def describe(self) -> str:
        return "the first to end of several futures"


def _awaited(frame: FrameType) -> Node | None:
    if frame.f_globals.get("__name__") != _MODULE:
        return None
    values = frame.f_locals
    futures = values.get("pending" if frame.f_code.co_name == "as_completed" else "fs")
    if not isinstance(futures, Set):
        return None
    if frame.f_code.co_name == "wait" and values.get("return_when") == concurrent.futures.ALL_COMPLETED:
        return AllOf(futures - values.get("done", frozenset()))
    return FirstOf(futures)


class AllOf:
    """All of a set of futures."""

    __slots__ = ("_futures",)

    def __init__(self, futures: _Futures) -> None:
        self._futures = futures

    def need(self) -> Need | None:
        return Need(Mode.ALL, tuple(Notice(future) for future in self._futures))

    def describe(self) -> str:
        return f"all of {len(self._futures)} futures"


def _sample(futures: _Futures) -> tuple[_Standard[object], ...]:
    try:
        return tuple(islice(futures, _SAMPLE))
    except RuntimeError:  # another thread's set changed meanwhile
        return ()
