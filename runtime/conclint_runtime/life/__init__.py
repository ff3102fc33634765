"""Conway's Game of Life, the reference workload of this package: one game, and many concurrent ways to play it.

`python -m conclint_runtime.life --help` is the command; the names below are the library.
"""

from __future__ import annotations

from conclint_runtime.life.columns import ColumnPrinter
from conclint_runtime.life.errors import LifeError
from conclint_runtime.life.grid import ALIVE, EMPTY, Grid
from conclint_runtime.life.patterns import pattern, placed
from conclint_runtime.life.rules import count_neighbors, game_logic, step_cell
from conclint_runtime.life.strategy import Advance, Setting, Strategy
from conclint_runtime.life.workloads import Cpu, Delay, Workload

__all__ = [
    "ALIVE",
    "EMPTY",
    "Advance",
    "ColumnPrinter",
    "Cpu",
    "Delay",
    "Grid",
    "LifeError",
    "Setting",
    "Strategy",
    "Workload",
    "count_neighbors",
    "game_logic",
    "pattern",
    "placed",
    "step_cell",
]
