"""Which code is the program's own: only there may a thread be stopped between two instructions."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import lru_cache
from types import FrameType, ModuleType

from conclint_runtime.guard.places import Scope, outwards


@lru_cache(maxsize=1)
def _scope() -> Scope:
    return Scope()


def is_own(file: str) -> bool:
    """Whether the file belongs to the program: not to Python, nor to an installed package, nor to this one."""
    return not file.startswith("<") and _scope().owner(file) == "user"


def is_own_frame(frame: FrameType) -> bool:
    """Whether a frame runs the program's own code.

    Code made from a string belongs to the module whose names it uses (a dataclass has methods made so).
    """
    file = frame.f_code.co_filename
    if not file.startswith("<"):
        return is_own(file)
    module: object = frame.f_globals.get("__file__")
    return is_own(module) if isinstance(module, str) else frame.f_globals.get("__name__") == "__main__"


def own_place() -> str:
    """`file:line` of the innermost frame of the program's own code, as the current thread stands."""
    for frame in outwards(sys._getframe(1)):
        if is_own_frame(frame):
            return f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}"
    return "an unknown place"


def own_modules() -> Iterator[ModuleType]:
    """The imported modules that are the program's own."""
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None) if isinstance(module, ModuleType) else None
        if isinstance(file, str) and is_own(file):
            yield module
