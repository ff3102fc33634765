"""What every strategy is: a way to bring a board on by some generations."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from conclint_runtime.life.errors import LifeError
from conclint_runtime.life.grid import Grid
from conclint_runtime.life.workloads import Cpu, Workload

Advance = Callable[[Grid, int], Grid]
"""The board so many generations later, as a new one."""
BACKENDS = ("embedded", "ray", "xoscar")
"""Where actors run; the first is the default."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a strategy is started for.

    Parameters:
        height, width: of the boards. workload: how the next state of a cell is decided. workers: threads, processes,
        bands or actors, at least 1; by default as many as there are processors, two at least. backend: where actors
        run: `embedded`, `ray` or `xoscar`.

    Raises:
        LifeError: no such number.
    """

    height: int
    width: int
    workload: Workload = field(default_factory=Cpu)
    workers: int = field(default_factory=lambda: max(2, os.cpu_count() or 2))
    backend: str = BACKENDS[0]

    def __post_init__(self) -> None:
        if not 1 <= self.workers <= 1000:
            raise LifeError(f"{self.workers} workers: there have to be 1 to 1000")
        if self.backend not in BACKENDS:
            raise LifeError(f"no backend `{self.backend}`; there are: {', '.join(BACKENDS)}")

    @property
    def cells(self) -> int:
        return self.height * self.width


class Strategy(Protocol):
    """A way to play."""

    @property
    def name(self) -> str:
        """What the command line calls it."""

    @property
    def summary(self) -> str:
        """How it plays, in a few words."""

    def refusal(self, setting: Setting) -> str | None:
        """Why it cannot play so, if it cannot."""

    def started(self, setting: Setting) -> AbstractContextManager[Advance]:
        """Start whatever it needs, for as long as the block lasts.

        Raises:
            LifeError: it cannot play so.
        """


def refuse(reason: str | None) -> None:
    """Raise the reason, if there is one.

    Raises:
        LifeError: there is one.
    """
    if reason is not None:
        raise LifeError(reason)
