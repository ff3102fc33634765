"""All strategies, in the order of the table."""

from __future__ import annotations

from conclint_runtime.life.errors import LifeError
from conclint_runtime.life.strategies.actor_bands import ActorBands
from conclint_runtime.life.strategies.arrays import Numpy
from conclint_runtime.life.strategies.async_bands import AsyncBands
from conclint_runtime.life.strategies.async_cells import AsyncCells, AsyncSerial
from conclint_runtime.life.strategies.process_bands import ProcessBands
from conclint_runtime.life.strategies.queue_pipeline import QueuePipeline
from conclint_runtime.life.strategies.serial import SERIAL, SERIAL_CELLS
from conclint_runtime.life.strategies.thread_per_cell import ThreadPerCell
from conclint_runtime.life.strategies.thread_pools import ThreadBands, ThreadPool
from conclint_runtime.life.strategies.wide_integers import WideIntegers
from conclint_runtime.life.strategy import Strategy

STRATEGIES: tuple[Strategy, ...] = (
    SERIAL,
    SERIAL_CELLS,
    ThreadPerCell(),
    QueuePipeline(),
    ThreadPool(),
    ThreadBands(),
    ProcessBands(),
    AsyncSerial(),
    AsyncCells(),
    AsyncBands(),
    ActorBands(),
    WideIntegers(),
    Numpy(),
)


def strategy(name: str) -> Strategy:
    """The strategy of this name.

    Raises:
        LifeError: there is none.
    """
    for each in STRATEGIES:
        if each.name == name:
            return each
    raise LifeError(f"no strategy `{name}`; there are: {', '.join(each.name for each in STRATEGIES)}")
