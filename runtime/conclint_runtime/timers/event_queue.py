"""The events of a scheduler, in the order in which they are to run, with the counts of what became of them."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Mapping
from sched import Event

from conclint_runtime.timers.statistics import SchedulerStatistics


class EventQueue:
    """A heap of `sched.Event`, by time, then priority (a lower number first), then order of entry.

    Not thread-safe: its owner holds a lock, or keeps to one thread. It is not bounded, as `sched.scheduler` is not: it
    holds what the program entered and nothing else.
    """

    def __init__(self) -> None:
        self._heap: list[Event] = []
        self._sequence = itertools.count()
        self.running = 0
        self.completed = 0
        self.failed = 0
        self.cancelled = 0
        self.worst_lateness = 0.0

    def __len__(self) -> int:
        return len(self._heap)

    def add(
        self,
        time: float,
        priority: float,
        action: Callable[..., object],
        argument: Iterable[object],
        kwargs: Mapping[str, object] | None,
    ) -> Event:
        """Put in a new event and return it; `TypeError` for an action that cannot be called."""
        if not callable(action):
            raise TypeError(
                f"the action of an event must be callable, not {action!r}: pass the function itself, and what it is "
                "to be called with as `argument`"
            )
        event = Event(time, priority, next(self._sequence), action, tuple(argument), dict(kwargs or {}))
        heapq.heappush(self._heap, event)
        return event

    def remove(self, event: Event) -> None:
        """Take out an event that is still queued; `ValueError` when it is not."""
        try:
            self._heap.remove(event)
        except ValueError:
            raise ValueError(
                f"{event!r} is not queued: it ran, was cancelled, or belongs to another scheduler"
            ) from None
        heapq.heapify(self._heap)
        self.cancelled += 1

    def remaining(self, now: float) -> float | None:
        """How long until the first event is due (zero or less: it is), or None when there is none."""
        return self._heap[0].time - now if self._heap else None

    def start(self, now: float) -> Event:
        """Take out the first event, to be run."""
        event = heapq.heappop(self._heap)
        self.running += 1
        self.worst_lateness = max(self.worst_lateness, now - event.time)
        return event

    def end(self, failed: bool) -> None:
        """Note that an action that was started has ended."""
        self.running -= 1
        if failed:
            self.failed += 1
        else:
            self.completed += 1

    def put_back(self, event: Event) -> None:
        """Queue again an event that was taken out and whose action never started."""
        self.running -= 1
        heapq.heappush(self._heap, event)

    def in_order(self) -> list[Event]:
        """The queued events in the order in which they will run, as a new list."""
        return sorted(self._heap)

    def statistics(self) -> SchedulerStatistics:
        """A snapshot of the counts."""
        return SchedulerStatistics(
            queued=len(self._heap),
            running=self.running,
            completed=self.completed,
            failed=self.failed,
            cancelled=self.cancelled,
            worst_lateness=self.worst_lateness,
        )
