"""What the observers of one guard know of each other: calls under way, and where tasks and jobs were started."""

from __future__ import annotations

import _thread
import sys
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

from conclint_runtime.guard.places import Stack

if TYPE_CHECKING:
    import asyncio

    from conclint_runtime.guard.blocking.tables import Known, Tables

_ORIGIN = "_conclint_guard_origin"
Ended = Callable[["asyncio.Future[object]"], None]


class _OwnWork:
    """A block of the guard's own work on this thread. A class, for a generator takes twice as long, at each event."""

    __slots__ = ("_looking", "_nested", "_thread")

    def __init__(self, looking: set[int]) -> None:
        self._looking = looking
        self._thread = _thread.get_ident()
        self._nested = self._thread in looking

    def __enter__(self) -> None:
        self._looking.add(self._thread)

    def __exit__(self, *_: object) -> None:
        if not self._nested:
            self._looking.discard(self._thread)


class Shared:
    """The state of one guard.

    `calls` are the blocking calls that threads are in, `looking` the threads that are in this package's own code,
    `accounted` the seconds of a loop's turn that calls have reported themselves; all by thread. `task_ended` is called
    with each task that is over, `call_failed` with what an embedded actor or remote task raised, or the start
    of one in a task group, and where that was started.
    """

    def __init__(self) -> None:
        self.calls: dict[int, tuple[Known, Stack, float]] = {}
        self.looking: set[int] = set()
        self.accounted: dict[int, float] = {}
        self.task_ended: list[Ended] = []
        self.on_deadlock: Callable[[], None] | None = None
        self.call_failed: list[Callable[[BaseException, Stack], None]] = []
        self._for_uvloop: list[Callable[[type], None]] = []
        self._tables: Tables | None = None
        # Tasks that `gather` has started.
        self.gathered: weakref.WeakSet[asyncio.Future[object]] = weakref.WeakSet()

    @property
    def tables(self) -> Tables:
        """What is known to block, read when it is first asked for."""
        if self._tables is None:
            from conclint_runtime.guard.blocking.tables import Tables

            self._tables = Tables()
        return self._tables

    def when_uvloop(self, arrived: Callable[[type], None]) -> None:
        """Call `arrived` with uvloop's class of loops: now, or when it is imported."""
        self._for_uvloop.append(arrived)
        self.uvloop_arrived(arrived)

    def uvloop_arrived(self, *arrived: Callable[[type], None]) -> None:
        """Tell these, or all that wait for it, of uvloop's class, if it has been imported."""
        kind: object = getattr(sys.modules.get("uvloop"), "Loop", None)
        if isinstance(kind, type):
            for each in arrived or self._for_uvloop:
                each(kind)

    def started(self, thing: object, stack: Stack) -> None:
        """Note where a task, future or thread was started."""
        # An attribute outlives the weak references to a thing that is being collected, and tasks are asked about then.
        try:
            setattr(thing, _ORIGIN, stack)
        except (AttributeError, TypeError):  # a type with slots
            pass

    def origin(self, thing: object) -> Stack:
        """Where it was started; () where that was not seen."""
        found: object = getattr(thing, _ORIGIN, ())
        return found if isinstance(found, tuple) else ()

    def own_work(self) -> _OwnWork:
        """While the block runs, what this thread calls is the guard's doing and not the program's."""
        return _OwnWork(self.looking)

    def has_ended(self, task: asyncio.Future[object]) -> None:
        """Tell of a task that is over."""
        for each in self.task_ended:
            each(task)
