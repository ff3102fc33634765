"""Waits that nobody registered, read from a thread's frames.

A thread in the standard library's `Thread.join()` or `Future.result()` without a timeout waits for a known thing,
and its frames say so, with no patch anywhere. Reading them costs some microseconds, so it is done in later looks only.
The frame object itself is the token of the wait: as long as it is the innermost one, the thread has not moved on.
"""

from __future__ import annotations

import concurrent.futures
import threading
from types import FrameType

from .chained import future_node
from .nodes import Mode, Need
from .threads import Join, ThreadNode, node_of

_STEPS_OUT = 4
"""Frames of the machinery between the C call that blocks and the method of the thing that is waited for."""


def observed_need(node: ThreadNode, frames: dict[int, FrameType]) -> Need | None:
    """What the thread waits for, judged by its frames; ``None`` where they do not say."""
    if node.ident is None:
        return None
    frame = frames.get(node.ident)
    for _ in range(_STEPS_OUT):
        if frame is None:
            return None
        need = _need_of(frame)
        if need is not None:
            return need
        if frame.f_globals.get("__name__") != "threading":
            return None
        frame = frame.f_back
    return None


def _need_of(frame: FrameType) -> Need | None:
    code = frame.f_code
    if code is getattr(threading.Thread.join, "__code__", None):
        values = frame.f_locals
        thread = values.get("self")
        if values.get("timeout", 0) is None and isinstance(thread, threading.Thread):
            return Need(Mode.ALL, (Join(node_of(thread)),), _Frame(frame))
        return None
    standard = concurrent.futures.Future
    if code is standard.result.__code__ or code is standard.exception.__code__:
        values = frame.f_locals
        future = values.get("self")
        if values.get("timeout", 0) is None and isinstance(future, standard):
            awaited = future_node(future)
            return None if awaited is None else Need(Mode.ALL, (awaited,), _Frame(frame))
    return None


class _Frame:
    """A frame by identity, for two readings to compare."""

    __slots__ = ("_frame",)

    def __init__(self, frame: FrameType) -> None:
        self._frame = frame

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Frame) and other._frame is self._frame

    def __hash__(self) -> int:
        return id(self._frame)
