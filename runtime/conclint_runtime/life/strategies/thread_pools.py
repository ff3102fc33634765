"""A pool of threads: a job for each cell, or a job for each band of rows."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from contextlib import contextmanager
from typing import TypeVar

from conclint_runtime.executors import ThreadPoolExecutor
from conclint_runtime.life.grid import Grid
from conclint_runtime.life.rules import Logic, bands, next_rows, rows_with_edges, step_cell
from conclint_runtime.life.strategy import Advance, Setting

_T = TypeVar("_T")


class ThreadPool:
    """A job for each cell of each generation; the hand-over costs more than the cell."""

    name = "thread-pool"
    summary = "a job for each cell on a pool of threads (naive)"

    def refusal(self, setting: Setting) -> str | None:  # noqa: ARG002  # it plays everything
        return None

    @contextmanager
    def started(self, setting: Setting) -> Iterator[Advance]:
        with _pool(setting) as (pool, logic, _):

            def advance(grid: Grid, generations: int) -> Grid:
                for _ in range(generations):
                    following = Grid(grid.height, grid.width)
                    # At most one row's jobs are queued at a time: the pool's own queue has no bound.
                    for y in range(grid.height):
                        _done([pool.submit(step_cell, grid, following, y, x, logic) for x in range(grid.width)])
                    grid = following
                return grid

            yield advance


class ThreadBands:
    """A job for each band of rows; under the GIL it takes turns with the others, and costs next to nothing."""

    name = "thread-bands"
    summary = "a job for each band of rows on a pool of threads"

    def refusal(self, setting: Setting) -> str | None:  # noqa: ARG002  # it plays everything
        return None

    @contextmanager
    def started(self, setting: Setting) -> Iterator[Advance]:
        parts = bands(setting.height, setting.workers)
        with _pool(setting) as (pool, logic, stop):

            def advance(grid: Grid, generations: int) -> Grid:
                cells = grid.cells
                for _ in range(generations):
                    rows = [rows_with_edges(cells, grid.width, first, last) for first, last in parts]
                    cells = b"".join(_done([pool.submit(next_rows, each, logic, stop.is_set) for each in rows]))
                return Grid(grid.height, grid.width, cells)

            yield advance


@contextmanager
def _pool(setting: Setting) -> Iterator[tuple[ThreadPoolExecutor, Logic, threading.Event]]:
    """A pool whose jobs are cancelled or stopped when the block is left early."""
    stop = threading.Event()
    with setting.workload.opened(stop.is_set) as logic:
        pool = ThreadPoolExecutor(setting.workers, thread_name_prefix="life")
        try:
            yield pool, logic, stop
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)  # ends when the running jobs have seen `stop`


def _done(jobs: list[Future[_T]]) -> list[_T]:
    wait(jobs, return_when=FIRST_EXCEPTION)
    return [job.result() for job in jobs]
