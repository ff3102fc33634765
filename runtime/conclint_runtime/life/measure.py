"""How long the strategies take, one after the other in one run."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from conclint_runtime.life.grid import Grid
from conclint_runtime.life.strategies.wide_integers import generation
from conclint_runtime.life.strategy import Advance, Setting, Strategy


@dataclass(frozen=True, slots=True)
class Measurement:
    """One strategy's time in one round.

    Parameters:
        steps: generations that were played; fewer than asked for where patience ran out.
        start: seconds until the strategy could play.
        seconds: on the clock, for these steps.
        cpu: seconds of all processors, start and end included.
        right: whether the board is the one that the rules demand.
    """

    steps: int
    start: float
    seconds: float
    cpu: float
    right: bool

    @property
    def per_step(self) -> float:
        """Seconds on the clock for a step."""
        return self.seconds / self.steps


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one strategy: its measurements, one for each round, or why there are none."""

    strategy: Strategy
    rounds: tuple[Measurement, ...]
    refusal: str | None = None

    @property
    def per_step(self) -> float:
        """The median of the seconds for a step."""
        return statistics.median(each.per_step for each in self.rounds)

    def to(self, serial: Result) -> float:
        """How many times serial's time this takes: the median of the rounds' ratios."""
        return statistics.median(
            mine.per_step / its.per_step for mine, its in zip(self.rounds, serial.rounds, strict=True)
        )


def measure(
    strategies: Sequence[Strategy],
    grid: Grid,
    steps: int,
    setting: Setting,
    rounds: int = 1,
    patience: float = 60.0,
    tell: Callable[[str], None] | None = None,
) -> list[Result]:
    """Play the same board with each strategy in turn.

    Parameters:
        steps: generations to play.
        rounds: how often all of them take their turn.
        patience: seconds; a strategy that would take longer in a round plays fewer steps, one at least.
        tell: hears what is going on.

    Returns:
        A result for each strategy, in their order.

    Raises:
        LifeError: a strategy that promised to play so could not.
    """
    refusals = [strategy.refusal(setting) for strategy in strategies]
    known: list[list[Measurement]] = [[] for _ in strategies]
    for number in range(rounds):
        for strategy, refusal, mine in zip(strategies, refusals, known):
            if refusal is not None:
                continue
            if tell is not None:
                tell(f"round {number + 1} of {rounds}: {strategy.name}")
            mine.append(_measured(strategy, grid, steps, setting, patience))
    return [Result(strategy, tuple(mine), refusal) for strategy, mine, refusal in zip(strategies, known, refusals)]


def _measured(strategy: Strategy, grid: Grid, steps: int, setting: Setting, patience: float) -> Measurement:
    cpu, begin = _cpu(), time.perf_counter()
    with strategy.started(setting) as advance:
        start = time.perf_counter() - begin
        begin = time.perf_counter()
        played, last = _played(advance, grid, steps, patience)
        seconds = time.perf_counter() - begin
    cpu = _cpu() - cpu
    cells = grid.cells
    for _ in range(played):
        cells = generation(cells, grid.width)
    return Measurement(played, start, seconds, cpu, last.cells == cells)


def _played(advance: Advance, grid: Grid, steps: int, patience: float) -> tuple[int, Grid]:
    """The first step tells how long they take; where all of them are too many, they are played one by one."""
    begin = time.perf_counter()
    grid = advance(grid, 1)
    step = time.perf_counter() - begin
    if steps * step <= patience:
        return steps, advance(grid, steps - 1) if steps > 1 else grid
    played = 1
    while played < steps and time.perf_counter() - begin + step <= patience:
        grid = advance(grid, 1)
        played += 1
    return played, grid


def _cpu() -> float:
    """Seconds of processor time of this process and of those that it has waited for."""
    if sys.platform == "win32":
        return time.process_time()
    import resource

    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )
