"""The frame that observers stand in: what one is, which there are, and how they are put on and taken off.

An observer watches one thing by replacing attributes of the standard library (`patching.Patches`) while the guard is
on.
It sees nothing, and costs nothing, before and after: what it replaced is then the very object that was there.
"""

from __future__ import annotations

import importlib
from typing import Protocol, cast

from conclint_runtime.guard.report import Report
from conclint_runtime.guard.settings import Settings


class Observer(Protocol):
    """One thing that is watched. `name` is how settings and error texts call it."""

    name: str

    def install(self, report: Report, settings: Settings, /) -> None:
        """Begin to watch, and add what is seen to `report`.

        Called once. What it raises ends the guard before it begins, with everything taken off again.
        """

    def uninstall(self) -> None:
        """Stop watching: put back what was replaced, end the threads that were started.

        Called once for each `install`, also for one that raised half-way.
        """

    def at_end(self, report: Report, /) -> None:
        """Add what only the end shows: what was never awaited, shut down, read. Called before `uninstall`, while all
        observers still watch, on whatever thread ends the guard."""


# In the order in which they are installed; taken off in reverse. A later one wraps what an earlier one has put there.
OBSERVERS: tuple[tuple[str, str], ...] = (
    # First: it replaces whole methods of futures, which the others wrap.
    ("deadlocks", "conclint_runtime.guard.deadlocks.observer:Deadlocks"),
    ("origins", "conclint_runtime.guard.origins:Origins"),
    ("calls", "conclint_runtime.guard.blocking.calls:Calls"),
    ("stalls", "conclint_runtime.guard.blocking.stalls:Stalls"),
    ("failures", "conclint_runtime.guard.failures.failures:Failures"),
    ("coroutines", "conclint_runtime.guard.lost.coroutines:LostCoroutines"),
    ("tasks", "conclint_runtime.guard.lost.tasks:LostTasks"),
    ("gathers", "conclint_runtime.guard.lost.gathers:Gathers"),
    ("timeouts", "conclint_runtime.guard.lost.timeouts:Timeouts"),
    ("generators", "conclint_runtime.guard.lost.generators:LostGenerators"),
    ("silent tests", "conclint_runtime.guard.lost.silent_tests:SilentTests"),
    ("context", "conclint_runtime.guard.lost.context:LostContext"),
    ("futures", "conclint_runtime.guard.lost.futures:LostFutures"),
    ("timers", "conclint_runtime.guard.lost.timers:Timers"),
    ("repeats", "conclint_runtime.guard.counts.repeats:Repeats"),
    ("jobs", "conclint_runtime.guard.counts.jobs:Jobs"),
    ("awaits", "conclint_runtime.guard.counts.awaits:Awaits"),
    ("loop objects", "conclint_runtime.guard.misuse.loops:LoopObjects"),
    ("threads", "conclint_runtime.guard.misuse.threads:Threads"),
    ("busy waits", "conclint_runtime.guard.misuse.threads:BusyWaits"),
    ("processes", "conclint_runtime.guard.misuse.processes:Processes"),
    ("remote", "conclint_runtime.guard.remote:Remote"),
    ("nurseries", "conclint_runtime.guard.misuse.nurseries:Nurseries"),
    ("deadlines", "conclint_runtime.guard.lost.deadlines:Deadlines"),
    ("lone tasks", "conclint_runtime.guard.counts.lone_tasks:LoneTasks"),
    ("library sleeps", "conclint_runtime.guard.counts.library_sleeps:LibrarySleeps"),
    ("captured", "conclint_runtime.guard.misuse.captured:Captured"),
)


class GuardError(RuntimeError):
    """A guard that cannot begin, or could not end cleanly: the text names the observer and what it raised."""


def named(wanted: tuple[str, ...] = ()) -> list[Observer]:
    """New observers: those of these names, or all.

    Raises:
        GuardError: there is no observer of that name.
    """
    known = dict(OBSERVERS)
    for name in wanted:
        if name not in known:
            raise GuardError(f"there is no observer {name!r}; there are: {', '.join(known)}")
    made: list[Observer] = []
    for name, path in OBSERVERS:
        if not wanted or name in wanted:
            module, _, member = path.partition(":")
            made.append(cast("Observer", getattr(importlib.import_module(module), member)()))
    return made


class Observers:
    """Observers that are installed together, each exactly once, and taken off in reverse, each exactly once."""

    def __init__(self, observers: list[Observer]) -> None:
        self._observers = observers
        self._installed: list[Observer] = []

    def install(self, report: Report, settings: Settings) -> None:
        """Install all, in order.

        Raises:
            GuardError: one raised; all that were installed, and that one, are off again.
        """
        for observer in self._observers:
            self._installed.append(observer)
            try:
                observer.install(report, settings)
            except Exception as error:
                failures = self._take_off()
                also = f"; then {'; '.join(failures)}" if failures else ""
                raise GuardError(f"the observer {observer.name!r} cannot begin: {error!r}{also}") from error

    def at_end(self, report: Report) -> None:
        """Ask all for what only the end shows.

        Raises:
            GuardError: some raised; the others were asked all the same.
        """
        failures = []
        for observer in tuple(self._installed):
            try:
                observer.at_end(report)
            except Exception as error:
                failures.append(f"{observer.name!r}: {error!r}")
        if failures:
            raise GuardError(f"observers failed at the end: {'; '.join(failures)}")

    def uninstall(self) -> None:
        """Take all off, last first. A second call does nothing.

        Raises:
            GuardError: some raised; the others are off all the same.
        """
        failures = self._take_off()
        if failures:
            raise GuardError(f"observers could not be taken off: {'; '.join(failures)}")

    def _take_off(self) -> list[str]:
        failures = []
        while self._installed:
            observer = self._installed.pop()
            try:
                observer.uninstall()
            except Exception as error:
                failures.append(f"{observer.name!r}: {error!r}")
        return failures
