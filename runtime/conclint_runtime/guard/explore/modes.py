"""Where a thread may be stopped: in this interpreter, or without the GIL."""

from __future__ import annotations

import dis
import enum
import sys
from functools import lru_cache
from types import CodeType

#: Stands for "entered just now" where the interpreter has no instruction for it (before 3.11).
ENTERED = -1


class Mode(enum.Enum):
    """What a schedule may do to threads.

    `GIL`: switches happen only where this version of CPython looks whether another thread wants to run (after a call,
    at the start of a function, when a loop jumps back). A failure is possible today, in this interpreter.
    `FREE`: switches happen between any two instructions, as on a free-threaded build or on another version. A failure
    that shows only here is hidden by the GIL, and by nothing else.
    """

    GIL = "gil"
    FREE = "free"

    @property
    def meaning(self) -> str:
        """The mode in words, for a report."""
        if self is Mode.GIL:
            return "possible in this interpreter"
        return "possible without the GIL, and in versions that switch elsewhere"


def _looks_after(name: str) -> bool:
    return (name.startswith("CALL") and not name.startswith("CALL_INTRINSIC")) or name == "RESUME"


def _looks_at(name: str) -> bool:
    # JUMP_BACKWARD_NO_INTERRUPT is what its name says: the await loop of a coroutine does not look.
    return name in {"JUMP_BACKWARD", "JUMP_ABSOLUTE"} or name.startswith("POP_JUMP_BACKWARD")


@lru_cache(maxsize=4096)
def points_of(code: CodeType) -> tuple[frozenset[int], frozenset[int]]:
    """Where CPython looks for a waiting thread in one code object.

    Returns:
        The offsets of instructions after which it looks, and of those at which it looks before going on.
        (CPython's `Python/ceval.c`, `CHECK_EVAL_BREAKER`; 3.10 to 3.13.)
    """
    instructions = list(dis.get_instructions(code))
    after = {one.offset for one in instructions if _looks_after(one.opname)}
    if sys.version_info < (3, 11):
        after.add(ENTERED)
    return frozenset(after), frozenset(one.offset for one in instructions if _looks_at(one.opname))
