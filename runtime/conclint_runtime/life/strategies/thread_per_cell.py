"""A thread for each cell of each generation."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from conclint_runtime.life.errors import LifeError
from conclint_runtime.life.grid import Grid
from conclint_runtime.life.rules import Logic, step_cell
from conclint_runtime.life.strategy import Advance, Setting, refuse

_MOST = 20_000


class ThreadPerCell:
    """The naive fan-out: start a thread for every cell, then join all. It pays for threads where calls would do."""

    name = "thread-per-cell"
    summary = "a thread for each cell of each generation (naive)"

    def refusal(self, setting: Setting) -> str | None:
        if setting.cells > _MOST:
            return f"{setting.cells} cells would be {setting.cells} threads at once: at most {_MOST}"
        return None

    @contextmanager
    def started(self, setting: Setting) -> Iterator[Advance]:
        refuse(self.refusal(setting))
        stop = threading.Event()
        with setting.workload.opened(stop.is_set) as logic:

            def advance(grid: Grid, generations: int) -> Grid:
                for _ in range(generations):
                    grid = _generation(grid, logic, stop)
                return grid

            yield advance


def _generation(grid: Grid, logic: Logic, stop: threading.Event) -> Grid:
    following = Grid(grid.height, grid.width)
    failures: list[BaseException] = []

    def step(y: int, x: int) -> None:
        try:
            step_cell(grid, following, y, x, logic)
        except BaseException as error:
            failures.append(error)

    threads: list[threading.Thread] = []
    try:
        for y in range(grid.height):
            for x in range(grid.width):
                thread = threading.Thread(target=step, args=(y, x))
                thread.start()
                threads.append(thread)
    except RuntimeError as error:
        stop.set()
        raise LifeError(f"thread {len(threads) + 1} of {grid.height * grid.width} did not start: {error}") from error
    except BaseException:
        stop.set()
        raise
    finally:
        for thread in threads:
            thread.join()  # ends with the cell's logic, or with `stop`
    if failures:
        raise failures[0]
    return following
