"""What came of one schedule, and of many."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from conclint_runtime.guard.explore.modes import Mode


class Trouble(enum.Enum):
    """How a schedule failed."""

    RAISED = "raised"
    THREAD_RAISED = "a thread raised"
    LOOP_REPORTED = "the event loop reported"
    DEADLOCK = "deadlock"
    ENDLESS = "did not end"


@dataclass(frozen=True, slots=True)
class Failure:
    """One failing schedule.

    Attributes:
        seed: runs the same schedule again.
        mode: in which mode it failed.
        trouble: how.
        text: the exception in one line, or who waits for what.
        traceback: the formatted traceback; empty for a deadlock.
        again: whether the same seed failed the same way when it was run once more; None where that was not tried.
    """

    seed: int
    mode: Mode
    trouble: Trouble
    text: str
    traceback: str = ""
    again: bool | None = None

    def __str__(self) -> str:
        repeated = {True: "fails again", False: "did not fail again", None: "not run again"}[self.again]
        return f"seed {self.seed}: {self.trouble.value}: {self.text} ({self.mode.meaning}; {repeated})"


@dataclass(frozen=True, slots=True)
class Exploration:
    """What many schedules of one program showed.

    Attributes:
        mode: where threads could be stopped.
        seeds: how many schedules ran.
        failures: those that failed, by seed.
    """

    mode: Mode
    seeds: int
    failures: tuple[Failure, ...]

    @property
    def failed(self) -> bool:
        """Whether any schedule failed."""
        return bool(self.failures)

    def __str__(self) -> str:
        if not self.failures:
            return f"{self.seeds} schedules, none failed ({self.mode.meaning})"
        return "\n".join([f"{len(self.failures)} of {self.seeds} schedules failed", *map(str, self.failures)])


class FailingSeedError(AssertionError):
    """A schedule of a program that was expected to hold under all of them failed.

    Attributes:
        failure: which, and how.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure
