"""What goes wrong in the use of these utilities, each with the way out in its text."""

from __future__ import annotations


class AioError(RuntimeError):
    """The parent of all errors that this package raises of its own."""


class TaskSetFullError(AioError):
    """A task set runs as many tasks as it may."""


class ClosedError(AioError):
    """A task set, pool, bridge or periodic action is used before its block has begun or after it has ended."""


class CancelledFromWithinError(AioError):
    """Awaited work was cancelled, but not by the one who awaits it.

    A bare CancelledError would end the task that awaits as if somebody had cancelled *it*.
    """


class WaitsForItselfError(AioError):
    """A wait that only the waiting task or thread itself could end."""


class BridgeFullError(AioError):
    """A bridge has as many calls under way as it may."""
