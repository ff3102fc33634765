"""The clock of an explored program: it moves when the program waits, not while it is being traced."""

from __future__ import annotations

#: Each reading moves the clock a little, so that a loop which polls the time comes to an end.
TICK = 50e-6


class VirtualClock:
    """The time of one schedule.

    Sleeps and timeouts cost no real time: when no thread can run, the clock jumps to the next deadline. That keeps a
    schedule repeatable (no real time decides anything) and a thousand schedules short.

    Args:
        monotonic: what the real monotonic clock says at the start, in seconds.
        time: what the real wall clock says at the start, in seconds since the epoch.
    """

    __slots__ = ("_elapsed", "_monotonic", "_time")

    def __init__(self, monotonic: float, time: float) -> None:
        self._elapsed = 0.0
        self._monotonic = monotonic
        self._time = time

    @property
    def elapsed(self) -> float:
        """Seconds of virtual time so far."""
        return self._elapsed

    def advance(self, seconds: float) -> None:
        """Move on by `seconds` (nothing happens below zero)."""
        self._elapsed += max(seconds, 0.0)

    def advance_to(self, elapsed: float) -> None:
        """Move on to a deadline; one that has passed leaves the clock as it is."""
        self._elapsed = max(self._elapsed, elapsed)

    def monotonic(self) -> float:
        """What `time.monotonic` and `time.perf_counter` answer in an explored program."""
        self._elapsed += TICK
        return self._monotonic + self._elapsed

    def time(self) -> float:
        """What `time.time` answers in an explored program."""
        self._elapsed += TICK
        return self._time + self._elapsed
