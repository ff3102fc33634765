"""The board: a rectangle of cells whose edges meet."""

from __future__ import annotations

import random
from collections.abc import Sequence

from conclint_runtime.life.errors import LifeError

ALIVE = 1
EMPTY = 0
SIGNS = "-*"
"""How a cell is written: an empty one, a living one."""
_AS_TEXT = bytes.maketrans(bytes((EMPTY, ALIVE)), SIGNS.encode())
_LARGEST = 1 << 28


class Grid:
    """A board of `height` rows of `width` cells, each `EMPTY` or `ALIVE`.

    The edges meet: the row above the first is the last, and so with the columns. The cells are kept as bytes, row by
    row, so that a band of rows is a slice, and so that processes can share them.

    Parameters:
        height: rows, at least 1.
        width: cells in a row, at least 1.
        cells: height x width bytes of 0 and 1, row by row, which are copied; all empty where they are not given.

    Raises:
        LifeError: no such board, or not its cells.
    """

    __slots__ = ("_cells", "height", "width")

    def __init__(self, height: int, width: int, cells: Sequence[int] | None = None) -> None:
        if height < 1 or width < 1:
            raise LifeError(f"a board of {height}x{width} has no cells: both numbers have to be at least 1")
        if height * width > _LARGEST:
            raise LifeError(f"a board of {height}x{width} has more than {_LARGEST} cells")
        self.height = height
        self.width = width
        self._cells = bytearray(height * width) if cells is None else bytearray(cells)
        if len(self._cells) != height * width:
            raise LifeError(f"{len(self._cells)} cells do not make a board of {height}x{width}")
        if self._cells.translate(None, bytes((EMPTY, ALIVE))):
            raise LifeError(f"a cell is neither {EMPTY} (empty) nor {ALIVE} (alive)")

    @classmethod
    def from_text(cls, text: str) -> Grid:
        """The board that `str` of it would show: a line for each row, `*` alive, `-` or `.` empty.

        Raises:
            LifeError: there is another character, or the lines differ in length.
        """
        lines = text.split()
        if not lines:
            raise LifeError("no rows: a board is written with a line for each row, `*` alive and `-` empty")
        for number, line in enumerate(lines, 1):
            if len(line) != len(lines[0]):
                raise LifeError(f"row {number} has {len(line)} cells, and the first has {len(lines[0])}")
            if strange := set(line) - set("*-."):
                raise LifeError(f"row {number} has {min(strange)!r}, where a cell is `*` (alive) or `-` (empty)")
        return cls(len(lines), len(lines[0]), [ALIVE if sign == "*" else EMPTY for line in lines for sign in line])

    @classmethod
    def random(cls, height: int, width: int, seed: int, alive: float = 0.3) -> Grid:
        """A board that the seed alone decides, with about this share of its cells alive.

        Raises:
            LifeError: no such board.
        """
        draw = random.Random(seed).random
        empty = cls(height, width)
        return cls(height, width, [ALIVE if draw() < alive else EMPTY for _ in empty.cells])

    @property
    def cells(self) -> bytes:
        """All cells, row by row."""
        return bytes(self._cells)

    def get(self, y: int, x: int) -> int:
        """The cell of row `y` and column `x`, both counted from 0 and around the edges."""
        return self._cells[y % self.height * self.width + x % self.width]

    def set(self, y: int, x: int, cell: int) -> None:
        """Change one cell.

        Raises:
            LifeError: the value is no cell.
        """
        if cell not in (EMPTY, ALIVE):
            raise LifeError(f"{cell!r} is neither {EMPTY} (empty) nor {ALIVE} (alive)")
        self._cells[y % self.height * self.width + x % self.width] = cell

    def put(self, other: Grid, y: int, x: int) -> None:
        """Copy another board onto this one, its first cell to row `y` and column `x`, around the edges.

        Raises:
            LifeError: it is larger than this one.
        """
        if other.height > self.height or other.width > self.width:
            raise LifeError(
                f"{other.height}x{other.width} cells do not fit on a board of {self.height}x{self.width}:"
                " take a larger one"
            )
        for row in range(other.height):
            for column in range(other.width):
                self.set(y + row, x + column, other.get(row, column))

    def population(self) -> int:
        """How many cells are alive."""
        return self._cells.count(ALIVE)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Grid):
            return NotImplemented
        return (self.height, self.width, self._cells) == (other.height, other.width, other._cells)

    __hash__ = None  # type: ignore[assignment]  # a board changes

    def __str__(self) -> str:
        text = self._cells.translate(_AS_TEXT).decode()
        return "".join(f"{text[start : start + self.width]}\n" for start in range(0, len(text), self.width))

    def __repr__(self) -> str:
        return f"<Grid {self.height}x{self.width}, {self.population()} alive>"
