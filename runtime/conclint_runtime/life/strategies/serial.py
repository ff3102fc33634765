"""One cell after the other, in the thread of the caller: row by row, or each cell for itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from conclint_runtime.life.grid import Grid
from conclint_runtime.life.rules import Logic, next_rows, rows_with_edges, step_cell
from conclint_runtime.life.strategy import Advance, Setting


@dataclass(frozen=True, slots=True)
class InThisThread:
    """A strategy that starts nothing.

    Parameters:
        play: brings a board on by so many generations, asking this logic.
    """

    name: str
    summary: str
    play: Callable[[Grid, int, Logic], Grid]

    def refusal(self, setting: Setting) -> str | None:  # noqa: ARG002  # it plays everything
        return None

    @contextmanager
    def started(self, setting: Setting) -> Iterator[Advance]:
        with setting.workload.opened() as logic:
            yield lambda grid, generations: self.play(grid, generations, logic)


def _rows(grid: Grid, generations: int, logic: Logic) -> Grid:
    cells = grid.cells
    for _ in range(generations):
        cells = next_rows(rows_with_edges(cells, grid.width, 0, grid.height), logic)
    return Grid(grid.height, grid.width, cells)


def _cells(grid: Grid, generations: int, logic: Logic) -> Grid:
    for _ in range(generations):
        following = Grid(grid.height, grid.width)
        for y in range(grid.height):
            for x in range(grid.width):
                step_cell(grid, following, y, x, logic)
        grid = following
    return grid


SERIAL = InThisThread("serial", "one cell after the other", _rows)
"""What all others are measured against: row by row, with local sums, as one would write it in plain Python."""
SERIAL_CELLS = InThisThread("serial-cells", "one cell after the other, each for itself", _cells)
"""Each cell looks its eight neighbours up for itself, as do those strategies that share single cells out: what they
cost beyond this is what the sharing costs."""
