"""A `queue.SimpleQueue` whose waits show in the frames: the interpreter's own blocks without a trace."""

from __future__ import annotations

import queue
from typing import TypeVar

T = TypeVar("T")


class GuardedSimpleQueue(queue.SimpleQueue[T]):
    """What `queue.SimpleQueue` makes while the guard is on; not bounded, as the standard one is not."""

    def get(self, block: bool = True, timeout: float | None = None) -> T:
        """As `queue.SimpleQueue.get`."""
        return super().get(block, timeout)
