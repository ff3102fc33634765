"""A lock that was not taken, and code that goes on as if it had been."""

from __future__ import annotations

import sys

from conclint_runtime.guard.deadlocks.verdicts import Verdicts
from conclint_runtime.guard.fate import fate
from conclint_runtime.guard.places import Scope


class Unheeded:
    """Looks at what becomes of an `acquire` that answered False.

    Args:
        verdicts: is told.
        scope: which files are the program's.
    """

    def __init__(self, verdicts: Verdicts, scope: Scope) -> None:
        self._verdicts = verdicts
        self._scope = scope

    def failed(self) -> None:
        """A guarded lock was not taken; called by its `acquire`."""
        frame = self._scope.caller(sys._getframe(2))
        if frame is not None and self._scope.is_user(frame) and fate(frame) == "dropped":
            message = "the lock was not taken in time, and the code goes on as if it had been"
            self._verdicts.note("CON504", message, frame)
