"""The error that a waiter gets instead of waiting for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .liveness import Deadlock


class DeadlockError(RuntimeError):
    """No progress is possible without an outside cancel or release.

    Raised in every waiter of the cycle. It is never raised for a wait with a timeout, for something whose
    completer is unknown, or where another worker can still serve. It cannot know that somebody *outside* the
    cycle was about to break it: to call ``Future.cancel``, ``shutdown(cancel_futures=True)``, or to release a
    lock for its owner.

    Parameters:
        deadlock: the deadlock that was found, or a text where it was refused before it came to be.

    Attributes:
        steps: who waits for what, and where, one sentence each; empty where the wait was refused beforehand.
    """

    def __init__(self, deadlock: Deadlock | str) -> None:
        super().__init__(deadlock if isinstance(deadlock, str) else deadlock.text())
        self.steps: tuple[str, ...] = () if isinstance(deadlock, str) else deadlock.steps
