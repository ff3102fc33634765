"""Waiting for another thread: a bounded spin, then a block.

A hop between two blocked threads costs 50 to 70 microseconds here (a futex wake, the interpreter lock, another core);
giving up the processor a few times first costs 2 to 10 when the other thread is about to answer. The spin is bounded
in turns and in time, so an idle thread sleeps and a busy machine is not made busier.
"""

from __future__ import annotations

import os
import threading
import time

SPIN_TURNS = 100
SPIN_SECONDS = 0.0001

yield_processor = getattr(os, "sched_yield", None) or (lambda: time.sleep(0))
_clock = time.perf_counter


class Parker:
    """One thread waits in `park`; any thread lets it go with `unpark`, which counts also when it comes first.

    `park` may return without an `unpark`: callers look at what they wait for again. No lock is held by either side,
    so `unpark` may be called from anywhere, a finaliser too.
    """

    __slots__ = ("_lock", "_parked", "_permit")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()
        self._parked = False
        self._permit = False

    def park(self, timeout: float | None = None) -> bool:
        """Wait for `unpark`, `timeout` seconds at most (None: for ever); False when the time was up."""
        if self._permit:
            self._permit = False
            return True
        end = _clock() + SPIN_SECONDS
        for _ in range(SPIN_TURNS):
            yield_processor()
            if self._permit:
                self._permit = False
                return True
            if _clock() > end:
                break
        self._parked = True
        try:
            if self._permit:
                return True
            return self._lock.acquire(True, -1 if timeout is None else max(timeout, 0))
        finally:
            self._parked = False
            self._permit = False

    def unpark(self) -> None:
        """Let the parked thread go, or the next `park` return at once."""
        self._permit = True
        if self._parked:
            try:
                self._lock.release()
            except RuntimeError:
                pass  # another thread has let it go already
