"""What the schedulers have in common: how events get into the queue and out of it again, from any thread."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from sched import Event
from threading import Condition

from conclint_runtime.timers.event_queue import EventQueue
from conclint_runtime.timers.statistics import SchedulerStatistics


class EventIntake(ABC):
    """The thread-safe half of the API of `sched.scheduler`; each change of the queue wakes a `run()` that waits."""

    timefunc: Callable[[], float]

    def __init__(self, timefunc: Callable[[], float], max_running: int) -> None:
        if max_running < 1:
            raise ValueError(f"max_running must be at least 1, not {max_running}: nothing would ever run")
        self.timefunc = timefunc
        self._max_running = max_running
        self._events = EventQueue()
        self._changed = Condition()

    @abstractmethod
    def _wake(self) -> None:
        """Have `run()` look at the queue again; called with the lock of `_changed` held."""

    def enterabs(
        self,
        time: float,
        priority: float,
        action: Callable[..., object],
        argument: Iterable[object] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> Event:
        """Have `action(*argument, **kwargs)` run at `time` of the clock; of one time the lower `priority` goes first.

        Returns the event, for `cancel()`. `TypeError` when the action cannot be called.
        """
        with self._changed:
            event = self._events.add(time, priority, action, argument, kwargs)
            self._wake()
        return event

    def enter(
        self,
        delay: float,
        priority: float,
        action: Callable[..., object],
        argument: Iterable[object] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> Event:
        """As `enterabs`, `delay` units of the clock from now."""
        return self.enterabs(self.timefunc() + delay, priority, action, argument, kwargs)

    def cancel(self, event: Event) -> None:
        """Take `event` out of the queue; `ValueError` when it is not there, because it ran or was cancelled."""
        with self._changed:
            self._events.remove(event)
            self._wake()

    def empty(self) -> bool:
        """Whether no event is queued (actions may still be running)."""
        with self._changed:
            return not self._events

    @property
    def queue(self) -> list[Event]:
        """The queued events in the order in which they will run, as a new list."""
        with self._changed:
            return self._events.in_order()

    def statistics(self) -> SchedulerStatistics:
        """What is queued and running, and what became of the rest."""
        with self._changed:
            return self._events.statistics()
