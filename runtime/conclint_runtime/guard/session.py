"""A guard that is on: its observers, its report, and its one end."""

from __future__ import annotations

import _thread
import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager

from conclint_runtime.guard.observer import GuardError, Observers, named
from conclint_runtime.guard.places import Scope
from conclint_runtime.guard.report import Report
from conclint_runtime.guard.settings import Settings

_on = _thread.allocate_lock()


class Session:
    """One guard from its beginning to its end. At most one is on in a process: they would see each other."""

    def __init__(self, settings: Settings) -> None:
        self.report = Report()
        self.settings = settings
        self._observers = Observers(named(settings.observers))
        self._process = os.getpid()
        self._ended = _thread.allocate_lock()

    def begin(self) -> None:
        """Put the observers on.

        Raises:
            GuardError: another guard is on, or an observer cannot begin.
        """
        if not _on.acquire(False):
            raise GuardError("a guard is on already: one process has one at a time; end that one first")
        try:
            self._observers.install(self.report, self.settings)
        except BaseException:
            _on.release()
            raise

    @property
    def ended(self) -> bool:
        """Whether its end has begun."""
        return self._ended.locked()

    def end(self) -> bool:
        """Ask for what only the end shows and take the observers off.

        Any thread may call it; the first call counts. A child that was forked has its parent's guard, and ends nothing.

        Returns:
            Whether this call was the one that ended it.

        Raises:
            GuardError: an observer failed; the report has what the others saw, and all are off.
        """
        if os.getpid() != self._process or not self._ended.acquire(False):
            return False
        try:
            try:
                # What only a cycle keeps is lost too, and tells of itself when it is collected.
                gc.collect()
                self._observers.at_end(self.report)
            finally:
                self._observers.uninstall()
        finally:
            _on.release()
        return True


@contextmanager
def guard(*, threshold: float = 0.1, observers: tuple[str, ...] = (), program: str = "") -> Iterator[Report]:
    """Watch what runs inside the block, in all threads, and report it with the codes of the linter's rules.

    Args:
        threshold: how long, in seconds, an event loop may stand before that is reported.
        observers: the names of those that watch, () for all.
        program: the folder of the program, where it lies among installed packages; elsewhere it is not needed.

    Yields:
        The report. It grows while the block runs, and is complete after it.

    Raises:
        GuardError: another guard is on in this process, or an observer cannot begin or end.
        ValueError: the threshold is not more than 0.

    Names that were bound before the block (`from time import sleep`) and locks that were made before it are not
    replaced: `python -m conclint_runtime.guard` begins before the program does and sees these too.
    """
    session = Session(Settings(threshold, observers, Scope(program)))
    session.begin()
    try:
        yield session.report
    finally:
        session.end()
