"""Boards whose future is known."""

from __future__ import annotations

from conclint_runtime.life.errors import LifeError
from conclint_runtime.life.grid import Grid

STILL = {
    "block": "** **",
    "beehive": "-**- *--* -**-",
    "loaf": "-**- *--* -*-* --*-",
    "boat": "**- *-* -*-",
    "tub": "-*- *-* -*-",
}
"""They stay as they are."""
OSCILLATORS = {
    "blinker": ("***", 2),
    "toad": ("-*** ***-", 2),
    "beacon": ("**-- **-- --** --**", 2),
    "pulsar": (
        "--***---***-- ------------- *----*-*----* *----*-*----* *----*-*----* --***---***-- -------------"
        " --***---***-- *----*-*----* *----*-*----* *----*-*----* ------------- --***---***--",
        3,
    ),
}
"""They come back after so many generations."""
SHIPS = {
    "glider": ("-*- --* ***", 4, (1, 1)),
    "spaceship": ("*--*- ----* *---* -****", 4, (0, 2)),
}
"""They come back after so many generations, so many rows and columns further."""
GUN = (
    "------------------------*----------- ----------------------*-*----------- ------------**------**------------**"
    " -----------*---*----**------------** **--------*-----*---**-------------- **--------*---*-**----*-*-----------"
    " ----------*-----*-------*----------- -----------*---*-------------------- ------------**----------------------"
)
"""The gun of Bill Gosper: it comes back after 30 generations, having sent off a glider."""
_TEXTS = {
    **STILL,
    **{name: text for name, (text, _) in OSCILLATORS.items()},
    **{name: text for name, (text, _, _) in SHIPS.items()},
    "gun": GUN,
}
NAMES = tuple(_TEXTS)


def pattern(name: str) -> Grid:
    """The smallest board that holds this pattern.

    Raises:
        LifeError: there is none of this name.
    """
    try:
        return Grid.from_text(_TEXTS[name])
    except KeyError:
        raise LifeError(f"no pattern `{name}`; there are: {', '.join(NAMES)}") from None


def placed(name: str, height: int, width: int, y: int = 0, x: int = 0) -> Grid:
    """A board with this pattern, its first cell in row `y` and column `x`.

    Raises:
        LifeError: no such pattern or board, or it does not fit.
    """
    grid = Grid(height, width)
    try:
        grid.put(pattern(name), y, x)
    except LifeError as error:
        raise LifeError(f"the pattern `{name}`: {error}") from None
    return grid
