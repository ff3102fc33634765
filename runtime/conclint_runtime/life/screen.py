"""An animation on a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from conclint_runtime.life.errors import LifeError
from conclint_runtime.life.grid import Grid
from conclint_runtime.life.strategy import Advance

_SHAPES = str.maketrans("-*", " █")


def watch(advance: Advance, grid: Grid, steps: int | None, pause: float, terminal: TextIO) -> None:
    """Show generation after generation, until `steps` are over or the caller is interrupted.

    Parameters:
        steps: None is without end.
        pause: seconds between two of them.

    Raises:
        LifeError: this is no terminal.
    """
    if not terminal.isatty():
        raise LifeError("--watch draws on a terminal, and the output is none: --show prints generations as text")
    with _alternate_screen(terminal):
        number = 0
        while True:
            picture = str(grid).translate(_SHAPES).replace("\n", "\x1b[K\n")
            terminal.write(f"\x1b[H{picture}generation {number}, {grid.population()} alive; Ctrl-C ends\x1b[K")
            terminal.flush()
            if number == steps:
                return
            time.sleep(pause)
            grid = advance(grid, 1)
            number += 1


@contextmanager
def _alternate_screen(terminal: TextIO) -> Iterator[None]:
    """What the terminal showed before comes back with the end of the block, and so does its cursor."""
    terminal.write("\x1b[?1049h\x1b[?25l\x1b[2J")
    try:
        yield
    finally:
        terminal.write("\x1b[?25h\x1b[?1049l")
        terminal.flush()
