from __future__ import annotations

from collections.abc import Sequence

Rows = Sequence[Sequence[bool]]


class Board:
    """Cells in rows; the edges meet."""

    def __init__(self, rows: Rows) -> None:
        self.rows = [list(row) for row in rows]

    @property
    def height(self) -> int:
        return len(self.rows)

    @property
    def width(self) -> int:
        return len(self.rows[0])

    def alive(self, y: int, x: int) -> bool:
        return self.rows[y % self.height][x % self.width]

    def neighbors(self, y: int, x: int) -> int:
        around = [(y + down, x + right) for down in (-1, 0, 1) for right in (-1, 0, 1) if (down, right) != (0, 0)]
        return sum(self.alive(*place) for place in around)

    def __str__(self) -> str:
        return "\n".join("".join("*" if cell else "-" for cell in row) for row in self.rows)


def glider(height: int, width: int) -> Board:
    board = Board([[False] * width for _ in range(height)])
    for y, x in ((0, 1), (1, 2), (2, 0), (2, 1), (2, 2)):
        board.rows[y][x] = True
    return board


def game_logic(alive: bool, neighbors: int) -> bool:
    return neighbors == 3 or (alive and neighbors == 2)


def next_rows(board: Board, first: int, last: int) -> list[list[bool]]:
    """What becomes of the rows from the first up to the last, which is not included."""
    return [
        [game_logic(board.alive(y, x), board.neighbors(y, x)) for x in range(board.width)] for y in range(first, last)
    ]
