"""All strategies come to the boards that the rules demand, and leave nothing behind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conclint_runtime.life import Cpu, Delay, Grid, LifeError, Setting, Strategy, Workload, game_logic, placed
from conclint_runtime.life.rule_server import rule_server
from conclint_runtime.life.rules import Logic
from conclint_runtime.life.strategies.catalogue import STRATEGIES, strategy
from conclint_runtime.life.strategy import Advance
from conclint_runtime.life.workloads import AsyncLogic

HEIGHT, WIDTH = 11, 13
PLAYING = tuple(each for each in STRATEGIES if each.refusal(Setting(1, 1)) is None)
"""All but those that need something which is not installed."""
OTHERS = tuple(each for each in PLAYING if each.name != "serial")
BOARDS = st.lists(st.integers(0, 1), min_size=HEIGHT * WIDTH, max_size=HEIGHT * WIDTH).map(
    lambda cells: Grid(HEIGHT, WIDTH, cells)
)


def name_of(strategy: Strategy) -> str:
    return strategy.name


def serial(grid: Grid, generations: int) -> Grid:
    with strategy("serial").started(Setting(grid.height, grid.width)) as advance:
        return advance(grid, generations)


@pytest.mark.parametrize("chosen", OTHERS, ids=name_of)
def test_a_strategy_agrees_with_serial_on_random_boards(chosen: Strategy) -> None:
    with chosen.started(Setting(HEIGHT, WIDTH, workers=3)) as advance:

        @settings(max_examples=15, deadline=None)
        @given(BOARDS, st.integers(0, 3))
        def agrees(grid: Grid, generations: int) -> None:
            assert advance(grid, generations) == serial(grid, generations)

        agrees()


@pytest.mark.parametrize("chosen", PLAYING, ids=name_of)
@pytest.mark.parametrize(("height", "width", "workers"), [(1, 1, 2), (1, 7, 3), (7, 1, 3), (2, 2, 8)])
def test_a_strategy_plays_boards_of_one_row_or_column(chosen: Strategy, height: int, width: int, workers: int) -> None:
    grid = Grid.random(height, width, seed=3, alive=0.5)
    with chosen.started(Setting(height, width, workers=workers)) as advance:
        assert advance(grid, 2) == serial(grid, 2)


@pytest.mark.parametrize("chosen", PLAYING, ids=name_of)
def test_a_strategy_flies_a_glider_around_the_edges(chosen: Strategy) -> None:
    with chosen.started(Setting(8, 8)) as advance:
        assert advance(placed("glider", 8, 8, 1, 1), 32) == placed("glider", 8, 8, 1, 1)


@pytest.mark.parametrize("chosen", PLAYING, ids=name_of)
def test_a_strategy_keeps_still_lifes(chosen: Strategy) -> None:
    grid = placed("beehive", 8, 16, 1, 1)
    grid.put(placed("loaf", 6, 6, 1, 1), 0, 8)
    with chosen.started(Setting(8, 16)) as advance:
        assert advance(grid, 3) == grid


@pytest.mark.parametrize("chosen", PLAYING, ids=name_of)
def test_a_strategy_fires_a_gun(chosen: Strategy) -> None:
    grid = placed("gun", 24, 40, 2, 2)
    generations = 2 if chosen.name == "thread-per-cell" else 30
    with chosen.started(Setting(24, 40)) as advance:
        assert advance(grid, generations) == serial(grid, generations)


@pytest.mark.parametrize("chosen", PLAYING, ids=name_of)
def test_a_strategy_leaves_the_board_that_it_is_given(chosen: Strategy) -> None:
    grid = placed("blinker", 5, 5, 2, 1)
    with chosen.started(Setting(5, 5)) as advance:
        advance(grid, 1)
    assert grid == placed("blinker", 5, 5, 2, 1)


@contextmanager
def waiting(name: str) -> Iterator[Workload]:
    with ExitStack() as block:
        yield block.enter_context(rule_server(0.0001)) if name == "socket" else Delay(0.0001)


@pytest.mark.parametrize("workload", ["delay", "socket"])
@pytest.mark.parametrize("chosen", PLAYING, ids=name_of)
def test_a_strategy_plays_with_logic_that_waits_or_says_why_not(chosen: Strategy, workload: str) -> None:
    grid = Grid.random(5, 6, seed=2)
    with waiting(workload) as slow:
        setting = Setting(5, 6, slow)
        if chosen.name in ("numpy", "wide-integers"):
            with pytest.raises(LifeError, match="no I/O for each"), chosen.started(setting):
                pass
        else:
            with chosen.started(setting) as advance:
                assert advance(grid, 2) == serial(grid, 2)


class BrokenLogicError(Exception):
    """What the logic below raises."""


def broken(cell: int, neighbors: int) -> int:
    raise BrokenLogicError(f"no logic for {cell} with {neighbors}")


async def broken_later(cell: int, neighbors: int) -> int:
    return broken(cell, neighbors)


@dataclass(frozen=True)
class Breaking:
    """Logic that fails for every cell."""

    name: str = "breaking"
    waits: bool = True

    @contextmanager
    def opened(self, stopped: Callable[[], bool] = bool) -> Iterator[Logic]:
        assert not stopped()
        yield broken

    def opened_async(self) -> Opened:
        return Opened()


class Opened:
    async def __aenter__(self) -> AsyncLogic:
        return broken_later

    async def __aexit__(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(
    "chosen", [each for each in STRATEGIES if each.refusal(Setting(1, 1, Delay(1))) is None], ids=name_of
)
def test_an_error_of_the_logic_reaches_the_caller(chosen: Strategy) -> None:
    with pytest.raises(BrokenLogicError, match="no logic for"), chosen.started(Setting(4, 5, Breaking())) as advance:
        advance(Grid(4, 5), 1)


def threads_of(advance: Advance, grid: Grid) -> int:
    advance(grid, 1)
    return threading.active_count()


@pytest.mark.parametrize("name", ["queue", "thread-pool", "thread-bands"])
def test_threads_end_with_the_block(name: str) -> None:
    before = threading.active_count()
    with strategy(name).started(Setting(4, 4)) as advance:
        assert threads_of(advance, Grid(4, 4)) > before
    assert threading.active_count() == before


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="shared memory is not shown as files here")
def test_the_shared_memory_is_given_back_after_an_error() -> None:
    during: list[Path] = []

    def fail() -> None:
        with strategy("process-bands").started(Setting(7, 11)):
            during.extend(each for each in Path("/dev/shm").glob("psm_*") if each.stat().st_size == 1 + 2 * 7 * 11)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert during
    assert not [path for path in during if path.exists()]


def test_a_dead_worker_process_is_an_error_that_says_so() -> None:
    chosen, setting = strategy("process-bands"), Setting(4, 4, Killing(), workers=1)
    with pytest.raises(LifeError, match="a worker process has died"), chosen.started(setting) as advance:
        advance(Grid(4, 4), 1)


def kill(cell: int, neighbors: int) -> int:
    import os

    os._exit(cell + neighbors)


@dataclass(frozen=True)
class Killing(Breaking):
    """Logic that ends the process."""

    @contextmanager
    def opened(self, stopped: Callable[[], bool] = bool) -> Iterator[Logic]:
        assert not stopped()
        yield kill


def test_shared_memory_is_not_used_for_a_board_of_another_size() -> None:
    with strategy("process-bands").started(Setting(4, 4)) as advance, pytest.raises(LifeError, match="Grid 5x4"):
        advance(Grid(5, 4), 1)


def test_a_thread_for_each_of_too_many_cells_is_refused() -> None:
    assert "450000 threads at once" in str(strategy("thread-per-cell").refusal(Setting(500, 900)))


def test_an_unknown_strategy_is_refused_with_those_that_are_there() -> None:
    with pytest.raises(LifeError, match=r"no strategy `magic`.*serial.*numpy"):
        strategy("magic")


@pytest.mark.parametrize("workers", [0, -1, 1001])
def test_no_workers_or_too_many_are_refused(workers: int) -> None:
    with pytest.raises(LifeError, match=f"{workers} workers"):
        Setting(4, 4, workers=workers)


@pytest.mark.parametrize("seconds", [0, -1, 61, float("nan")])
def test_a_wait_of_no_time_or_of_minutes_is_refused(seconds: float) -> None:
    with pytest.raises(LifeError, match="a wait of"):
        Delay(seconds)


def test_a_server_of_the_rules_that_is_gone_is_an_error_that_says_so() -> None:
    with rule_server(0.001) as gone:
        pass
    with gone.opened() as logic, pytest.raises(LifeError, match="does not answer"):
        logic(1, 2)


def test_the_logic_of_the_processor_does_not_wait() -> None:
    with Cpu().opened() as logic:
        assert logic is game_logic
