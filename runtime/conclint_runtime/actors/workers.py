"""What runs the calls of one concurrency group of an actor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from conclint_runtime.actors.calls import Call


class Workers(Protocol):
    """Takes calls in order and runs them as its kind of actor does."""

    def submit(self, call: Call) -> None:
        """Take a call, from any thread, without blocking. The queue is unbounded, as Ray's is; `max_pending_calls`
        bounds it where it is submitted."""

    def finish(self, done: Callable[[], None]) -> None:
        """Have `done()` called, on any thread, when what was submitted so far has ended. Calls are still taken."""

    def stop(self) -> list[Call]:
        """End as soon as what runs now allows, and return every call that has not finished, running ones first."""
