"""What runs the calls of one concurrency group of an actor."""

from __future__ import annotations

from typing import Protocol

from conclint_runtime.actors.calls import Call


class Workers(Protocol):
    """Takes calls in order and runs them as its kind of actor does."""

    def submit(self, call: Call) -> None:
        """Take a call, from any thread, without blocking. The queue is unbounded, as Ray's is; `max_pending_calls`
        bounds it where it is submitted."""

    def finish(self) -> None:
        """Run what was submitted, then end. Nothing is submitted after it."""

    def stop(self) -> list[Call]:
        """End as soon as what runs now allows, and return every call that has not finished, running ones first."""
