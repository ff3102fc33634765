"""A row as one wide integer, of the standard library alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from conclint_runtime.life.grid import Grid
from conclint_runtime.life.rules import game_logic
from conclint_runtime.life.strategy import Advance, Setting, refuse

_NEXT = bytes(game_logic(sums >> 4, (sums & 15) - (sums >> 4)) if sums >> 4 <= 1 else 0 for sums in range(256))
"""The next state of a cell, of 16 x the cell + the sum of the nine cells around and with it."""


class WideIntegers:
    """A byte for each cell of a row, added for all cells at once: no sum is above nine, so none reaches the next."""

    name = "wide-integers"
    summary = "whole rows at once, as integers of Python"

    def refusal(self, setting: Setting) -> str | None:
        return "it asks no cell's logic, so it does no I/O for each" if setting.workload.waits else None

    @contextmanager
    def started(self, setting: Setting) -> Iterator[Advance]:
        refuse(self.refusal(setting))

        def advance(grid: Grid, generations: int) -> Grid:
            cells = grid.cells
            for _ in range(generations):
                cells = generation(cells, grid.width)
            return Grid(grid.height, grid.width, cells)

        yield advance


def generation(cells: bytes, width: int) -> bytes:
    """The board of the next generation, of the cells of one whose rows are `width` wide."""
    last = 8 * (width - 1)
    whole = (1 << 8 * width) - 1
    rows = [int.from_bytes(cells[start : start + width], "little") for start in range(0, len(cells), width)]
    sums = [row + ((row << 8 | row >> last) & whole) + (row >> 8 | (row & 255) << last) for row in rows]
    around = zip(rows, sums[-1:] + sums[:-1], sums, sums[1:] + sums[:1])
    return b"".join(
        (above + here + below + (row << 4)).to_bytes(width, "little").translate(_NEXT)
        for row, above, here, below in around
    )
