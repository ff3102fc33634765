"""Event loops as frames show them: what runs on a loop, and where the loop itself begins."""

from __future__ import annotations

import asyncio.base_events
import asyncio.events
import asyncio.runners
from _asyncio import _get_running_loop as running_loop
from types import CodeType, FrameType

from conclint_runtime.guard.places import Place, Scope, Stack, outwards, place_of

__all__ = ["beneath_loop", "loop_stack", "running_loop"]

# The files whose functions run a loop: what called them is not on it.
_RUNNERS = frozenset((asyncio.base_events.__file__, asyncio.events.__file__, asyncio.runners.__file__))
_FUNCTIONS = frozenset(("_run", "_run_once", "run_forever", "run_until_complete", "run"))


def beneath_loop(code: CodeType) -> bool:
    """Whether a frame of this code is the loop's own: those beneath it are not on the loop."""
    name = code.co_name
    if name not in _FUNCTIONS:
        return False
    file = code.co_filename
    return file in _RUNNERS or file.endswith(("uvloop/__init__.py", "uvloop\\__init__.py"))


def loop_stack(scope: Scope, frame: FrameType | None) -> Stack:
    """The places of the program's frames between `frame` and the loop that they run on, innermost first."""
    found: list[Place] = []
    for each in outwards(frame):
        if beneath_loop(each.f_code):
            break
        if scope.is_user(each):
            found.append(place_of(each))
    return tuple(found)
