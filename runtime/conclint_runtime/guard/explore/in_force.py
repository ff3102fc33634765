"""The schedule that is in force in this process: locks made under one outlive it, and have to ask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from conclint_runtime.guard.explore.schedule import Schedule

_current: Schedule | None = None


def current() -> Schedule | None:
    """The schedule that the current thread runs under; None outside of an exploration.

    One for the process: locks made under a schedule outlive it, and must be plain locks from then on.
    """
    schedule = _current
    return schedule if schedule is not None and schedule.slot() is not None else None


def running() -> Schedule | None:
    """The schedule of this process, whatever the thread."""
    return _current


@contextmanager
def in_force(schedule: Schedule) -> Iterator[Schedule]:
    """Make `schedule` the one of this process for the length of a block.

    Raises:
        RuntimeError: when another exploration is under way in this process.
    """
    global _current  # noqa: PLW0603  # the one place; see `current`
    if _current is not None:
        raise RuntimeError("an exploration is already under way in this process; explore one program at a time")
    _current = schedule
    try:
        yield schedule
    finally:
        _current = None
