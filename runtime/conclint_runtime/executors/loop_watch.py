"""Looks at the jobs that an event loop awaits: an `await` begins no wait of a thread that could be judged."""

from __future__ import annotations

import concurrent.futures
import weakref
from types import FunctionType
from typing import TYPE_CHECKING, TypeVar

from ..waitgraph.chained import Awaitable, awaited_copy
from ..waitgraph.liveness import condemn, dead_nodes, deadlock_of

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")

FIRST_LOOK = 0.005
"""Seconds from `run_in_executor` to the first look; each later one waits twice as long, a new call starts anew."""

LAST_LOOK = 5.0

MOST_AT_ONCE = 64
"""Futures that one look judges; the others wait for the next look."""


class LoopWatch:
    """The futures that one loop awaits. It lives on the loop, and sleeps when there is none."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = weakref.ref(loop)
        self._awaited: dict[int, weakref.ref[asyncio.Future[object]]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._delay = FIRST_LOOK

    def add(self, future: asyncio.Future[object]) -> None:
        """Look at a future from now on until it is done. Call it in the loop's thread."""
        key = id(future)
        self._awaited[key] = weakref.ref(future, lambda _: self._awaited.pop(key, None))
        self._delay = FIRST_LOOK
        if self._timer is None:
            self._arm()

    def _arm(self) -> None:
        loop = self._loop()
        if loop is not None and not loop.is_closed():
            self._timer = loop.call_later(self._delay, self.look)

    def look(self) -> None:
        """Judge what is still awaited; what can never come gets a `DeadlockError`."""
        self._timer = None
        waiting: list[Awaitable] = []
        for key, reference in tuple(self._awaited.items()):
            future = reference()
            if future is None or future.done():
                self._awaited.pop(key, None)
            elif len(waiting) < MOST_AT_ONCE:
                waiting.append(Awaitable(future))
        dead = dead_nodes(waiting) if waiting else {}
        for node in waiting:
            if node in dead:
                condemn(deadlock_of(node, dead))
        if self._awaited:
            self._delay = min(2 * self._delay, LAST_LOOK)
            self._arm()


_watches: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, LoopWatch] = weakref.WeakKeyDictionary()


def watch(source: concurrent.futures.Future[T], callback: FunctionType) -> None:
    """Look at the asyncio future that copies ``source`` by ``callback``, when called in its loop's thread."""
    future = awaited_copy(callback)
    if future is None or source.done():
        return
    import asyncio

    loop = future.get_loop()
    if asyncio._get_running_loop() is not loop:
        return
    _watches.setdefault(loop, LoopWatch(loop)).add(future)
