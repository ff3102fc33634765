"""How often something happened at one place of a loop."""

from __future__ import annotations

from conclint_runtime.guard.places import Place, Stack
from conclint_runtime.guard.sight import Sight
from conclint_runtime.guard.source import loop_around

# From how many times on a loop counts as one: twice may be a retry.
OFTEN = 3


class Sites:
    """Counts events by place, and reports those that a loop repeats."""

    def __init__(self, sight: Sight) -> None:
        self._sight = sight
        self._times: dict[tuple[str, str, int], int] = {}

    def count(self, code: str, message: str, stack: Stack, led_by: Place | None = None) -> None:
        """Count one event; report it when it has come often enough from inside a loop, and each time after that."""
        if not stack:
            return
        key = (code, stack[0].file, stack[0].line)
        times = self._times[key] = self._times.get(key, 0) + 1
        with self._sight.shared.own_work():
            if times >= OFTEN and loop_around(stack[0].file, stack[0].line) is not None:
                shown = stack if led_by is None else (led_by, *stack)
                self._sight.say(code, message, shown, count=OFTEN if times == OFTEN else 1)
