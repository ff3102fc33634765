"""The threads of one engine: known while they run, so that `shutdown` can wait for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Threads:
    """Starts daemon threads, so that the interpreter can always end, and joins those that are left.

    A thread that runs the program's code cannot be stopped from outside; `join` waits a bounded time for it.
    """

    def __init__(self) -> None:
        self._running: set[threading.Thread] = set()

    def start(self, target: Callable[[], None], name: str) -> threading.Thread:
        """Start a daemon thread that runs `target()`."""

        def run() -> None:
            try:
                target()
            finally:
                self._running.discard(thread)

        thread = threading.Thread(target=run, name=name, daemon=True)
        self._running.add(thread)
        thread.start()
        return thread

    def join(self, seconds: float) -> tuple[threading.Thread, ...]:
        """Wait for the threads to end, `seconds` at most altogether; return those that have not."""
        end = time.monotonic() + seconds
        own = threading.current_thread()
        for thread in tuple(self._running):
            if thread is not own:
                thread.join(max(end - time.monotonic(), 0))
        return tuple(thread for thread in self._running if thread.is_alive())

    def count(self) -> int:
        """How many run now."""
        return len(self._running)
