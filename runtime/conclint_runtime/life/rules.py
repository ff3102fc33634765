"""The rules, for one cell and for rows of cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from conclint_runtime.life.errors import Stopped
from conclint_runtime.life.grid import ALIVE, EMPTY, Grid

Logic = Callable[[int, int], int]
"""The next state of a cell, of its state and the number of its living neighbours. This is where a game does its I/O."""


def game_logic(cell: int, neighbors: int) -> int:
    """B3/S23, the rules of John Conway: a cell is born of three neighbours, and lives on with two or three."""
    return ALIVE if neighbors == 3 or (cell and neighbors == 2) else EMPTY


def count_neighbors(grid: Grid, y: int, x: int) -> int:
    """How many of the eight cells around this one are alive."""
    get = grid.get
    return (
        get(y - 1, x - 1) + get(y - 1, x) + get(y - 1, x + 1)
        + get(y, x - 1) + get(y, x + 1)
        + get(y + 1, x - 1) + get(y + 1, x) + get(y + 1, x + 1)
    )  # fmt: skip


def step_cell(grid: Grid, following: Grid, y: int, x: int, logic: Logic) -> None:
    """Write the next state of one cell of `grid` to `following`."""
    following.set(y, x, logic(grid.get(y, x), count_neighbors(grid, y, x)))


def neighbors_of_row(above: Sequence[int], row: Sequence[int], below: Sequence[int]) -> list[int]:
    """How many living neighbours each cell of a row has. Every sum of a column is made once and used three times."""
    columns = [a + b + c for a, b, c in zip(above, row, below)]
    return [
        left + middle + right - cell
        for left, middle, right, cell in zip(columns[-1:] + columns[:-1], columns, columns[1:] + columns[:1], row)
    ]


def next_row(above: Sequence[int], row: Sequence[int], below: Sequence[int], logic: Logic) -> bytes:
    """The row that follows, of a row and those above and below it; `logic` is called once for each cell."""
    return bytes(map(logic, row, neighbors_of_row(above, row, below)))


def rows_with_edges(cells: Sequence[int], width: int, first: int, last: int) -> list[Sequence[int]]:
    """The rows `first` to `last` (which is not included) of a board, with the one above and the one below."""
    height = len(cells) // width
    starts = (y % height * width for y in range(first - 1, last + 1))
    return [cells[start : start + width] for start in starts]


def next_rows(rows: Sequence[Sequence[int]], logic: Logic, stopped: Callable[[], bool] = bool) -> bytes:
    """What follows of rows that come with the one above and the one below.

    Parameters:
        stopped: asked before each row.

    Raises:
        Stopped: it said so.
    """
    following = []
    for above, row, below in zip(rows, rows[1:], rows[2:]):
        if stopped():
            raise Stopped
        following.append(next_row(above, row, below, logic))
    return b"".join(following)


def bands(height: int, count: int) -> list[tuple[int, int]]:
    """Divide rows into at most `count` bands of about the same height: (first, last), the last not included."""
    count = max(1, min(count, height))
    edges = [height * number // count for number in range(count + 1)]
    return list(pairwise(edges))
