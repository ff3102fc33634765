"""A coroutine for each band of rows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from conclint_runtime.life.event_loop import event_loop
from conclint_runtime.life.grid import Grid
from conclint_runtime.life.rules import bands, neighbors_of_row, next_rows, rows_with_edges
from conclint_runtime.life.strategy import Advance, Setting
from conclint_runtime.life.workloads import AsyncLogic, Workload

_CELLS_PER_TURN = 8192
"""So many are stepped before the loop gets its turn: about a millisecond of plain Python."""


class AsyncBands:
    """Where nothing waits, a band is worked off by plain calls, and gives the loop a turn every millisecond; where the
    logic waits, the cells of one row of each band wait together."""

    name = "async-bands"
    summary = "a coroutine for each band of rows"

    def refusal(self, setting: Setting) -> str | None:  # noqa: ARG002  # it plays everything
        return None

    @contextmanager
    def started(self, setting: Setting) -> Iterator[Advance]:
        with event_loop() as loop:
            yield lambda grid, generations: loop.run(
                lambda: _play(grid, generations, setting.workload, setting.workers)
            )


async def _play(grid: Grid, generations: int, workload: Workload, workers: int) -> Grid:
    parts = bands(grid.height, workers)
    cells = grid.cells
    async with workload.opened_async() as logic:
        for _ in range(generations):
            rows = [rows_with_edges(cells, grid.width, first, last) for first, last in parts]
            if workload.waits:
                cells = b"".join(await asyncio.gather(*(_waiting_band(each, logic) for each in rows)))
            else:
                cells = b"".join(await asyncio.gather(*(_band(each, workload) for each in rows)))
    return Grid(grid.height, grid.width, cells)


async def _band(rows: Sequence[Sequence[int]], workload: Workload) -> bytes:
    at_a_time = max(1, _CELLS_PER_TURN // len(rows[0]))
    following = []
    with workload.opened() as logic:
        for first in range(0, len(rows) - 2, at_a_time):
            following.append(next_rows(rows[first : first + at_a_time + 2], logic))
            await asyncio.sleep(0)
    return b"".join(following)


async def _waiting_band(rows: Sequence[Sequence[int]], logic: AsyncLogic) -> bytes:
    following = []
    for above, row, below in zip(rows, rows[1:], rows[2:]):
        counts = neighbors_of_row(above, row, below)
        following.append(bytes(await asyncio.gather(*map(logic, row, counts))))
    return b"".join(following)
