"""A coroutine for each cell: awaited one after the other, or all together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from conclint_runtime.life.event_loop import Loop, event_loop
from conclint_runtime.life.grid import Grid
from conclint_runtime.life.rules import count_neighbors
from conclint_runtime.life.strategy import Advance, Setting, refuse
from conclint_runtime.life.workloads import AsyncLogic, Workload

_MOST = 1_000_000
Generation = Callable[[Grid, AsyncLogic], Awaitable[Grid]]


class AsyncSerial:
    """The naive port to coroutines: each await comes back before the next begins, so that nothing is gained."""

    name = "async-serial"
    summary = "a coroutine for each cell, one await after the other (naive)"

    def refusal(self, setting: Setting) -> str | None:  # noqa: ARG002  # it plays everything
        return None

    @contextmanager
    def started(self, setting: Setting) -> Iterator[Advance]:
        with event_loop() as loop:
            yield _advance(loop, setting.workload, _one_after_the_other)


class AsyncCells:
    """A task for each cell, all gathered: as many waits at a time as there are cells, at about 2 KB each."""

    name = "async-cells"
    summary = "a coroutine for each cell, gathered"

    def refusal(self, setting: Setting) -> str | None:
        if setting.cells > _MOST:
            return f"{setting.cells} cells would be {setting.cells} tasks at once: at most {_MOST}"
        return None

    @contextmanager
    def started(self, setting: Setting) -> Iterator[Advance]:
        refuse(self.refusal(setting))
        with event_loop() as loop:
            yield _advance(loop, setting.workload, _all_at_once)


def _advance(loop: Loop, workload: Workload, generation: Generation) -> Advance:
    async def play(grid: Grid, generations: int) -> Grid:
        async with workload.opened_async() as logic:
            for _ in range(generations):
                grid = await generation(grid, logic)
                await asyncio.sleep(0)  # where the logic does not wait, this is where an interruption is seen
        return grid

    return lambda grid, generations: loop.run(lambda: play(grid, generations))


async def _step(grid: Grid, following: Grid, y: int, x: int, logic: AsyncLogic) -> None:
    following.set(y, x, await logic(grid.get(y, x), count_neighbors(grid, y, x)))


async def _one_after_the_other(grid: Grid, logic: AsyncLogic) -> Grid:
    following = Grid(grid.height, grid.width)
    for y in range(grid.height):
        for x in range(grid.width):
            await _step(grid, following, y, x, logic)
    return following


async def _all_at_once(grid: Grid, logic: AsyncLogic) -> Grid:
    following = Grid(grid.height, grid.width)
    await asyncio.gather(*(_step(grid, following, y, x, logic) for y in range(grid.height) for x in range(grid.width)))
    return following
