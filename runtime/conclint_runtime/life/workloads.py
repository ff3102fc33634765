"""What the rules of a cell cost: processor time alone, or a wait as well."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Protocol

from conclint_runtime.life.errors import LifeError, Stopped
from conclint_runtime.life.rules import Logic, game_logic

AsyncLogic = Callable[[int, int], Awaitable[int]]
"""The rules of a cell, awaited."""


class Workload(Protocol):
    """A way to decide the next state of a cell. It is sent to other processes, so it can be pickled."""

    @property
    def name(self) -> str:
        """What the command line calls it."""

    @property
    def waits(self) -> bool:
        """Whether its logic waits for something outside of the processor."""

    def opened(self, stopped: Callable[[], bool] = bool) -> AbstractContextManager[Logic]:
        """The logic as a function for any number of threads, for as long as the block lasts.

        Parameters:
            stopped: asked before each wait; where it says so, the logic raises `Stopped`.
        """

    def opened_async(self) -> AbstractAsyncContextManager[AsyncLogic]:
        """The logic as a coroutine function for the tasks of this event loop, for as long as the block lasts."""


@dataclass(frozen=True, slots=True)
class Cpu:
    """The rules and nothing else."""

    name: str = "cpu"
    waits: bool = False

    @contextmanager
    def opened(self, stopped: Callable[[], bool] = bool) -> Iterator[Logic]:  # noqa: ARG002  # it never waits
        yield game_logic

    @asynccontextmanager
    async def opened_async(self) -> AsyncIterator[AsyncLogic]:
        async def logic(cell: int, neighbors: int) -> int:
            return game_logic(cell, neighbors)

        yield logic


@dataclass(frozen=True, slots=True)
class Delay:
    """The rules behind a wait for each cell, as of a device that answers after a while.

    Parameters:
        seconds: of each wait, more than 0.

    Raises:
        LifeError: not such a number.
    """

    seconds: float
    name: str = "delay"
    waits: bool = True

    def __post_init__(self) -> None:
        check_delay(self.seconds)

    @contextmanager
    def opened(self, stopped: Callable[[], bool] = bool) -> Iterator[Logic]:
        def logic(cell: int, neighbors: int) -> int:
            if stopped():
                raise Stopped
            time.sleep(self.seconds)
            return game_logic(cell, neighbors)

        yield logic

    @asynccontextmanager
    async def opened_async(self) -> AsyncIterator[AsyncLogic]:
        import asyncio

        async def logic(cell: int, neighbors: int) -> int:
            await asyncio.sleep(self.seconds)
            return game_logic(cell, neighbors)

        yield logic


def check_delay(seconds: float) -> None:
    """Refuse what is no time to wait.

    Raises:
        LifeError: it is not above 0, or more than a minute for each cell.
    """
    if not 0 < seconds <= 60:
        raise LifeError(f"a wait of {seconds * 1000:g} ms for each cell: it has to be above 0 and at most 60000")
