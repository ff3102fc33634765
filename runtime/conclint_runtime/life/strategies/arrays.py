"""The whole board at once, with numpy where it is installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from conclint_runtime.life.grid import Grid
from conclint_runtime.life.strategy import Advance, Setting, refuse


class Numpy:
    """The contrast: no cell is visited by Python at all, which beats every way to share the visits out."""

    name = "numpy"
    summary = "whole boards at once, in numpy"

    def refusal(self, setting: Setting) -> str | None:
        if setting.workload.waits:
            return "it asks no cell's logic, so it does no I/O for each"
        return None if find_spec("numpy") else "numpy is not installed"

    @contextmanager
    def started(self, setting: Setting) -> Iterator[Advance]:
        refuse(self.refusal(setting))
        import numpy  # noqa: F401  # here, so that its import is no part of the first generation

        yield _advance


def _advance(grid: Grid, generations: int) -> Grid:
    import numpy as np

    height, width = grid.height, grid.width
    # The board within a frame that repeats the opposite edges.
    framed = np.empty((height + 2, width + 2), np.uint8)
    board = framed[1:-1, 1:-1]
    board[...] = np.frombuffer(grid.cells, np.uint8).reshape(height, width)
    across = np.empty((height + 2, width), np.uint8)
    counts = np.empty((height, width), np.uint8)
    for _ in range(generations):
        framed[1:-1, 0], framed[1:-1, -1] = board[:, -1], board[:, 0]
        framed[0], framed[-1] = framed[-2], framed[1]
        np.add(framed[:, :-2], framed[:, 1:-1], out=across)
        np.add(across, framed[:, 2:], out=across)
        np.add(across[:-2], across[1:-1], out=counts)
        np.add(counts, across[2:], out=counts)
        # Of the nine cells: three with the cell dead, or four or three with it alive. Without the cell, and with its
        # bit set again, all of these are the number three.
        np.subtract(counts, board, out=counts)
        np.bitwise_or(counts, board, out=counts)
        np.equal(counts, 3, out=board, casting="unsafe")
    return Grid(height, width, board.tobytes())
