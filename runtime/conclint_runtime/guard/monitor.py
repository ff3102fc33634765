"""A thread of the guard's own that looks at the others at an interval.

It is no `threading.Thread`: the program that counts its threads, or waits for all of them, does not meet it.
"""

from __future__ import annotations

import _thread
import time
from collections.abc import Callable

_clock = time.monotonic
# What a monitor may take to end: it may be in the middle of a look.
_GRACE = 5.0

_monitors: set[int] = set()


def on_monitor() -> bool:
    """Whether the current thread is that of a monitor."""
    return _thread.get_ident() in _monitors


class Monitor:
    """Calls `look` every `step` seconds, on its own thread, from `start` to `stop`."""

    def __init__(self, step: float, look: Callable[[], None]) -> None:
        self._step = step
        self._look = look
        self._stopping = _thread.allocate_lock()
        self._gone = _thread.allocate_lock()
        self._starting = _thread.allocate_lock()
        self.thread = 0
        # Looks that failed, for a frame that ran on while it was looked at.
        self.failed = 0

    @property
    def running(self) -> bool:
        """Whether it has been started."""
        return self.thread != 0

    def start(self) -> None:
        """Begin to look, unless it has begun already."""
        if not self._starting.acquire(False):
            return
        self._stopping.acquire()
        self._gone.acquire()
        try:
            self.thread = _thread.start_new_thread(self._watch, ())
        except RuntimeError:  # no thread begins while the interpreter exits: what runs then is timed, and not looked at
            self._gone.release()

    def stop(self) -> None:
        """End the thread and wait for that, at most a few seconds: it waits for nothing but its own look to be over."""
        if self.thread and self._stopping.locked():
            self._stopping.release()
            if self.thread != _thread.get_ident():
                self._gone.acquire(timeout=_GRACE)

    def _watch(self) -> None:
        _monitors.add(_thread.get_ident())
        try:
            while not self._stopping.acquire(timeout=self._step):
                try:
                    self._look()
                except Exception:  # what it looks at changes meanwhile; the next look finds it at rest
                    self.failed += 1
        finally:
            _monitors.discard(_thread.get_ident())
            self._gone.release()
