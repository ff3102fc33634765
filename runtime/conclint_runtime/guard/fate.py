"""What becomes of the value of the call that a frame is in: the instructions after the call say it exactly.

`f()` as a statement is a call followed by the instruction that pops its value; `await f()` as a statement awaits
first, and
pops then. No garbage collector and no luck is involved.
"""

from __future__ import annotations

import bisect
import dis
import functools
from types import CodeType, FrameType
from typing import Literal

Fate = Literal["dropped", "awaited", "awaited and dropped", "used"]

_NOTHING = frozenset(("CACHE", "EXTENDED_ARG", "NOP", "PRECALL", "NOT_TAKEN", "END_SEND", "PUSH_NULL"))


@functools.lru_cache(maxsize=1024)
def _instructions(code: CodeType) -> tuple[tuple[dis.Instruction, ...], tuple[int, ...]]:
    listed = tuple(dis.get_instructions(code))
    return listed, tuple(each.offset for each in listed)


def _at(frame: FrameType) -> tuple[tuple[dis.Instruction, ...], int]:
    """The instructions, and the number of the one that the frame is at: its offset may be that of its inline cache."""
    listed, offsets = _instructions(frame.f_code)
    return listed, bisect.bisect_right(offsets, frame.f_lasti) - 1


def after(frame: FrameType) -> list[str]:
    """The names of the next few instructions after the one that the frame is at."""
    listed, at = _at(frame)
    # Where a coroutine is suspended in an await, the next instruction says nothing of the call before.
    if not listed[at].opname.startswith(("CALL", "PRECALL")):
        return []
    names = [each.opname for each in listed[at + 1 : at + 8] if each.opname not in _NOTHING]
    return names[1:] if listed[at].opname == "PRECALL" and names[:1] == ["CALL"] else names


def attribute_after(frame: FrameType) -> str:
    """The name of the attribute that is read from the value at once: `result` of `submit(f).result()`; else ""."""
    listed, at = _at(frame)
    for each in listed[at + 1 : at + 8]:
        if each.opname not in _NOTHING and each.opname != "CALL":
            return str(each.argval) if each.opname in ("LOAD_ATTR", "LOAD_METHOD") else ""
    return ""


def fate(frame: FrameType) -> Fate:
    """What becomes of the value of the call that the frame is in; `used` also where this Python's code is not
    understood."""
    names = after(frame)
    if names[:1] == ["POP_TOP"]:
        return "dropped"
    if names[:1] != ["GET_AWAITABLE"]:
        return "used"
    return "awaited and dropped" if _dropped_when_awaited(frame) else "awaited"


def _dropped_when_awaited(frame: FrameType) -> bool:
    listed, at = _at(frame)
    for number in range(at + 1, len(listed)):
        each = listed[number]
        if each.opname == "YIELD_FROM":  # Python 3.10
            return listed[number + 1].opname == "POP_TOP"
        if each.opname == "SEND":
            after_it = (later for later in listed if later.offset >= each.argval and later.opname not in _NOTHING)
            return next(after_it).opname == "POP_TOP"
    return False
