"""From the error that a function raised to the one that its caller sees."""

from __future__ import annotations

import traceback
from types import TracebackType

from conclint_runtime.actors.copying import pack
from conclint_runtime.exceptions import RayError, RayTaskError


def wrapped(
    error: BaseException, name: str, actor_repr: str | None = None, actor_id: str | None = None
) -> RayTaskError:
    """Wrap an error that the function `name` raised, once: one that comes wrapped from another call keeps its cause.

    An error that cannot be pickled is told as text, as it would be from another process.
    """
    cause = error.cause if isinstance(error, RayTaskError) else error
    text = "".join(traceback.format_exception(type(error), error, _without_ours(error.__traceback__)))
    cause.__traceback__ = None  # its frames would keep everything alive that the function had in hand
    try:
        pack(cause)
    except Exception as why:
        kind = f"{type(cause).__module__}.{type(cause).__qualname__}"
        cause = RayError(f"Exception {kind} isn't serializable: {why}.\nOriginal exception details:\n{text}")
    return RayTaskError(name, text, cause, actor_repr, actor_id)


def _without_ours(trace: TracebackType | None) -> TracebackType | None:
    """Drop the runtime's own frames from the head of a traceback."""
    while trace is not None and trace.tb_frame.f_globals.get("__name__", "").startswith("conclint_runtime.actors."):
        trace = trace.tb_next
    return trace
