"""What a guard is asked to do."""

from __future__ import annotations

from dataclasses import dataclass, field

from conclint_runtime.guard.places import Scope
from conclint_runtime.guard.shared import Shared


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a guard.

    `threshold` is how long, in seconds, an event loop may stand before that is reported; 0.1 is what asyncio's own
    debug
    mode has. `step` is how often, in seconds, the monitor looks at a loop that stands: at least twice within the
    threshold. `observers` names those that watch, () for all. `scope` says which files are the program's own;
    `shared` is what the
    observers of the guard know of each other.
    """

    threshold: float = 0.1
    observers: tuple[str, ...] = ()
    scope: Scope = field(default_factory=Scope)
    shared: Shared = field(default_factory=Shared)

    def __post_init__(self) -> None:
        if not self.threshold > 0:
            raise ValueError(f"threshold is {self.threshold!r}: it must be more than 0 seconds")

    @property
    def step(self) -> float:
        """The monitor's interval in seconds."""
        return max(0.002, min(0.02, self.threshold / 5))
