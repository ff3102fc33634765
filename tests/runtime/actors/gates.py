"""A door that holds calls up until the test opens it: order without sleeping."""

from __future__ import annotations

import threading

from conclint_runtime.actors.copying import ByIdentity

PATIENCE = 30.0
"""Seconds that a wait which must succeed may take; a safety net, never what a test is about."""


class Gate(ByIdentity):
    """A door that the test opens, and that tells when somebody has come to it."""

    def __init__(self) -> None:
        self._arrived = threading.Semaphore(0)
        self._open = threading.Event()

    def pass_through(self) -> None:
        """Say that a call has come, and wait until the test opens the door."""
        self._arrived.release()
        assert self._open.wait(PATIENCE), "the test did not open the gate"

    def arrived(self, count: int = 1) -> None:
        """Wait until `count` more calls have come."""
        for _ in range(count):
            assert self._arrived.acquire(timeout=PATIENCE), "no call came to the gate"

    def nobody_else(self) -> bool:
        """Whether no further call has come."""
        return not self._arrived.acquire(blocking=False)

    def open(self) -> None:
        """Let every call through, now and later."""
        self._open.set()
