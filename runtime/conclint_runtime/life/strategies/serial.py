"""One cell after the other, in the thread of the caller: row by row, or each cell for itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from conclint_runtime.life.grid import Grid
from conclint_runtime.life.rules import next_rows, rows_with_edges, step_cell
from conclint_runtime.life.strategy import Advance, Setting


class Serial:
    """What all others are measured against: row by row, with local sums, as one would write it in plain Python."""

    name = "serial"
    summary = "one cell after the other"

    def refusal(self, setting: Setting) -> str | None:  # noqa: ARG002  # it plays everything
        return None

    @contextmanager
    def started(self, setting: Setting) -> Iterator[Advance]:
        with setting.workload.opened() as logic:

            def advance(grid: Grid, generations: int) -> Grid:
                cells = grid.cells
                for _ in range(generations):
                    cells = next_rows(rows_with_edges(cells, grid.width, 0, grid.height), logic)
                return Grid(grid.height, grid.width, cells)

            yield advance


class SerialCells:
    """Each cell looks its eight neighbours up for itself, as do those strategies that share single cells out: what
    they cost beyond this is what the sharing costs."""

    name = "serial-cells"
    summary = "one cell after the other, each for itself"

    def refusal(self, setting: Setting) -> str | None:  # noqa: ARG002  # it plays everything
        return None

    @contextmanager
    def started(self, setting: Setting) -> Iterator[Advance]:
        with setting.workload.opened() as logic:

            def advance(grid: Grid, generations: int) -> Grid:
                for _ in range(generations):
                    following = Grid(grid.height, grid.width)
                    for y in range(grid.height):
                        for x in range(grid.width):
                            step_cell(grid, following, y, x, logic)
                    grid = following
                return grid

            yield advance
