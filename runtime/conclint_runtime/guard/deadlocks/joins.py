"""Threads that wait for the end of others, and when each began and was joined."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable

from conclint_runtime.guard.deadlocks.holders import was_joined, will_start
from conclint_runtime.guard.patching import Patches
from conclint_runtime.waitgraph import Join, Wait, node_of

_LONGEST_SLICE = 0.05


def watch_joins(patches: Patches, clock: itertools.count[int]) -> None:
    """Let the graph see joins without a timeout, until the patches are undone.

    Args:
        clock: gives the moments of starts and joins.
    """
    patches.put(threading.Thread, "join", _judged(threading.Thread.join, clock))
    patches.put(threading.Thread, "start", _counted(threading.Thread.start, clock))


def _counted(
    start: Callable[[threading.Thread], None], clock: itertools.count[int]
) -> Callable[[threading.Thread], None]:
    def counted(self: threading.Thread) -> None:
        will_start(self, next(clock))
        start(self)

    return counted


def _judged(
    join: Callable[[threading.Thread, float | None], None], clock: itertools.count[int]
) -> Callable[[threading.Thread, float | None], None]:
    def judged(self: threading.Thread, timeout: float | None = None) -> None:
        if timeout is None and self.ident is not None and self is not threading.current_thread() and self.is_alive():
            with Wait((Join(node_of(self)),)) as wait:
                join(self, min(wait.slice(), _LONGEST_SLICE))
                while self.is_alive():
                    wait.look()
                    join(self, min(wait.slice(), _LONGEST_SLICE))
        join(self, timeout)
        if not self.is_alive():
            was_joined(self, next(clock))

    return judged
