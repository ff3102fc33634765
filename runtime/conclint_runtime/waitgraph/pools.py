"""A pool as a node: whatever serves a queue with at most k workers."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from .nodes import Mode, Need
from .threads import ThreadNode, current


@dataclass(frozen=True, slots=True)
class WorkerStatistics:
    """A moment of a pool's workers.

    Attributes:
        size: how many workers there may be.
        workers: how many have been started.
        busy: how many run a job.
        waiting: how many of them are in a wait without a timeout.
    """

    size: int
    workers: int
    busy: int
    waiting: int


class WorkerPool:
    """The workers that serve one queue: the node that a queued job waits for.

    An actor is a pool of as many workers as calls it runs at once. While a pool may still grow it is live.

    Parameters:
        name: the words for it in a message.
        size: the greatest number of workers.
    """

    __slots__ = ("__weakref__", "_workers", "name", "size")

    def __init__(self, name: str, size: int) -> None:
        self.name = name
        self.size = size
        self._workers: list[ThreadNode] = []

    def enter(self) -> ThreadNode:
        """Count the calling thread as a worker from now on, before it serves anything."""
        node = current()
        self._workers.append(node)
        return node

    def leave(self) -> None:
        """Count the calling thread out, where a pool replaces its workers; another one may then be started."""
        self._workers.remove(current())

    def has(self, thread: threading.Thread) -> bool:
        """Whether the thread is one of the workers."""
        return any(node.thread() is thread for node in tuple(self._workers))

    def exhausted(self) -> bool:
        """Whether every worker that was started is in a wait, or has ended."""
        return all(node.wait is not None or node.ended() for node in tuple(self._workers))

    def need(self) -> Need | None:
        workers = tuple(self._workers)
        if len(workers) < self.size:
            return None
        for node in workers:
            # An idle worker serves at once; a busy one may be in a wait that only its frames show.
            if node.wait is None and node.job is None and not node.ended():
                return None
        return Need(Mode.ANY, workers)

    def describe(self) -> str:
        waiting = sum(node.wait is not None for node in tuple(self._workers))
        return f"pool {self.name!r} ({waiting} of its {self.size} workers wait)"

    def statistics(self) -> WorkerStatistics:
        """The workers now; the fields are read one after the other, without stopping anybody."""
        workers = tuple(self._workers)
        busy = sum(node.job is not None for node in workers)
        return WorkerStatistics(self.size, len(workers), busy, sum(node.wait is not None for node in workers))
