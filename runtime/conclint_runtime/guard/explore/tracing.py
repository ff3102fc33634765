"""Stop a thread between two instructions of the program's own code."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

from conclint_runtime.guard.explore.modes import ENTERED, Mode, points_of
from conclint_runtime.guard.explore.own_code import is_own_frame
from conclint_runtime.guard.explore.schedule import Schedule

#: In 3.10 what a tracer could see of a frame's variables is written back when it returns.
_WRITES_BACK = sys.version_info < (3, 11)


class _Trace(Protocol):
    """What `sys.settrace` takes, and what it is given back for a frame."""

    def __call__(self, frame: FrameType, event: str, _: object, /) -> _Trace | None: ...


class Tracer:
    """Makes instructions of the program's own code switch points of a schedule.

    Args:
        schedule: asked at each switch point.
        mode: which instructions are switch points.
    """

    def __init__(self, schedule: Schedule, mode: Mode) -> None:
        self._schedule = schedule
        self._enter = self._anywhere if mode is Mode.FREE else self._where_cpython_looks

    @contextmanager
    def traced(self) -> Iterator[None]:
        """Trace the current thread for the length of a block; a tracer that was set before is set again."""
        before = sys.gettrace()
        sys.settrace(self._call)
        try:
            yield
        finally:
            sys.settrace(before)

    def _call(self, frame: FrameType, event: str, _: object, /) -> _Trace | None:
        if event != "call" or not is_own_frame(frame):
            return None
        local = self._enter(frame)
        # In 3.13 asking for instructions takes effect only on a frame that has its tracer already.
        frame.f_trace = local
        frame.f_trace_lines = False
        frame.f_trace_opcodes = True
        return local

    def _point(self, frame: FrameType) -> None:
        if self._schedule.point() and _WRITES_BACK:
            # Others ran meanwhile: look again, or stale values of shared closure variables are written back over
            # theirs, and a correct program loses updates.
            frame.f_locals  # noqa: B018

    def _anywhere(self, _: FrameType) -> _Trace:
        return self._each

    def _each(self, frame: FrameType, event: str, _: object, /) -> _Trace:
        if event == "opcode":
            self._point(frame)
        return self._each

    def _where_cpython_looks(self, frame: FrameType) -> _Trace:
        after, at = points_of(frame.f_code)
        last = ENTERED

        def each(frame: FrameType, event: str, _: object, /) -> _Trace:
            nonlocal last
            if event == "opcode":
                here = frame.f_lasti
                if last in after or here in at:
                    self._point(frame)
                last = here
            return each

        return each
