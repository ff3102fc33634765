"""Where in the user's program something was submitted, or waits."""

from __future__ import annotations

import sys
from types import CodeType, FrameType
from typing import NamedTuple

_INTERNAL = ("concurrent.futures", "conclint_runtime.", "threading", "asyncio.", "contextlib")


class Place(NamedTuple):
    """A line of code, kept as two references and spelled only when a message needs it."""

    code: CodeType
    line: int

    def __str__(self) -> str:
        return f"{self.code.co_filename}:{self.line}, in {self.code.co_name}"


def caller(depth: int = 2) -> Place:
    """The line ``depth`` frames up (1 is the caller of this function). Costs a fraction of a microsecond."""
    frame = sys._getframe(depth)
    return Place(frame.f_code, frame.f_lineno)


def is_internal(frame: FrameType) -> bool:
    """Whether the frame belongs to the waiting machinery, the standard library's or ours."""
    return str(frame.f_globals.get("__name__")).startswith(_INTERNAL)


def user_place(frame: FrameType | None) -> Place | None:
    """The innermost line of the stack that is not part of the machinery; ``None`` where there is none."""
    while frame is not None:
        if not is_internal(frame):
            return Place(frame.f_code, frame.f_lineno)
        frame = frame.f_back
    return None


def user_caller(depth: int = 1) -> Place | None:
    """The innermost line of the calling thread's stack, from ``depth`` frames up, that is not of the machinery."""
    return user_place(sys._getframe(depth))
