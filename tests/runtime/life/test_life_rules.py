"""Boards, rules, columns and the futures of known patterns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conclint_runtime.life import (
    ALIVE,
    EMPTY,
    ColumnPrinter,
    Grid,
    LifeError,
    count_neighbors,
    game_logic,
    pattern,
    placed,
)
from conclint_runtime.life.patterns import OSCILLATORS, SHIPS, STILL
from conclint_runtime.life.rules import bands, next_rows, rows_with_edges

BOARDS = st.tuples(st.integers(1, 12), st.integers(1, 12)).flatmap(
    lambda size: st.lists(st.integers(0, 1), min_size=size[0] * size[1], max_size=size[0] * size[1]).map(
        lambda cells: Grid(*size, cells)
    )
)


def after(grid: Grid, generations: int) -> Grid:
    """The board by the definition: each cell by its own neighbours."""
    for _ in range(generations):
        following = Grid(grid.height, grid.width)
        for y in range(grid.height):
            for x in range(grid.width):
                following.set(y, x, game_logic(grid.get(y, x), count_neighbors(grid, y, x)))
        grid = following
    return grid


@pytest.mark.parametrize("neighbors", range(9))
def test_a_cell_is_born_of_three_neighbors(neighbors: int) -> None:
    assert game_logic(EMPTY, neighbors) == (ALIVE if neighbors == 3 else EMPTY)


@pytest.mark.parametrize("neighbors", range(9))
def test_a_cell_lives_on_with_two_or_three_neighbors(neighbors: int) -> None:
    assert game_logic(ALIVE, neighbors) == (ALIVE if neighbors in (2, 3) else EMPTY)


def test_the_neighbors_of_a_corner_are_around_the_edges() -> None:
    grid = Grid.from_text("---* ---- *--*")
    assert count_neighbors(grid, 0, 0) == 3


def test_a_cell_is_read_and_written_around_the_edges() -> None:
    grid = Grid(3, 4)
    grid.set(-1, 4, ALIVE)
    assert grid.get(2, 0) == ALIVE


@given(BOARDS)
def test_a_board_is_read_back_from_its_text(grid: Grid) -> None:
    assert Grid.from_text(str(grid)) == grid


@given(BOARDS)
def test_rows_follow_as_their_cells_do(grid: Grid) -> None:
    assert next_rows(rows_with_edges(grid.cells, grid.width, 0, grid.height), game_logic) == after(grid, 1).cells


@given(st.integers(1, 50), st.integers(1, 60))
def test_bands_hold_every_row_once(height: int, count: int) -> None:
    assert [row for first, last in bands(height, count) for row in range(first, last)] == list(range(height))


@given(st.integers(1, 50), st.integers(1, 60))
def test_no_band_is_empty(height: int, count: int) -> None:
    assert all(first < last for first, last in bands(height, count))


@pytest.mark.parametrize("name", STILL)
def test_a_still_life_stays(name: str) -> None:
    grid = placed(name, 8, 8, 2, 2)
    assert after(grid, 1) == grid


@pytest.mark.parametrize("name", OSCILLATORS)
def test_an_oscillator_comes_back(name: str) -> None:
    grid = placed(name, 17, 17, 2, 2)
    period = OSCILLATORS[name][1]
    assert [after(grid, number) == grid for number in range(1, period + 1)] == [False] * (period - 1) + [True]


@pytest.mark.parametrize("name", SHIPS)
def test_a_ship_comes_back_further_on(name: str) -> None:
    _, period, (down, right) = SHIPS[name]
    assert after(placed(name, 10, 12, 2, 2), period) == placed(name, 10, 12, 2 + down, 2 + right)


def test_a_gun_sends_off_a_glider_in_every_period() -> None:
    board = placed("gun", 40, 60, 2, 2)
    assert after(board, 60).population() == after(board, 30).population() + 5


def test_two_boards_of_one_seed_are_the_same() -> None:
    assert Grid.random(9, 9, seed=4) == Grid.random(9, 9, seed=4)


def test_two_boards_of_different_seeds_differ() -> None:
    assert Grid.random(9, 9, seed=4) != Grid.random(9, 9, seed=5)


def test_changing_the_cells_that_were_given_does_not_change_the_board() -> None:
    cells = bytearray(4)
    grid = Grid(2, 2, cells)
    cells[0] = ALIVE
    assert grid.population() == 0


@pytest.mark.parametrize(("height", "width"), [(0, 3), (3, 0), (-1, 3), (1 << 20, 1 << 20)])
def test_a_board_without_cells_or_with_too_many_is_refused(height: int, width: int) -> None:
    with pytest.raises(LifeError, match=f"{height}x{width}"):
        Grid(height, width)


@pytest.mark.parametrize(("cells", "reason"), [([0] * 3, "3 cells do not make"), ([0, 1, 2, 0], "neither")])
def test_cells_that_make_no_board_are_refused(cells: list[int], reason: str) -> None:
    with pytest.raises(LifeError, match=reason):
        Grid(2, 2, cells)


def test_setting_what_is_no_cell_is_refused() -> None:
    with pytest.raises(LifeError, match="7 is neither"):
        Grid(2, 2).set(0, 0, 7)


@pytest.mark.parametrize(("text", "reason"), [("", "no rows"), ("** *", "row 2 has 1"), ("*x", "row 1 has 'x'")])
def test_a_text_that_is_no_board_is_refused(text: str, reason: str) -> None:
    with pytest.raises(LifeError, match=reason):
        Grid.from_text(text)


def test_a_pattern_that_does_not_fit_is_refused() -> None:
    with pytest.raises(LifeError, match=r"`gun`.*9x36 cells do not fit on a board of 5x9"):
        placed("gun", 5, 9)


def test_an_unknown_pattern_is_refused_with_those_that_are_there() -> None:
    with pytest.raises(LifeError, match=r"no pattern `nova`.*glider"):
        pattern("nova")


def test_columns_stand_under_their_numbers() -> None:
    columns = ColumnPrinter()
    for text in ("--*--\n-*-*-\n", "*****\n-----\n"):
        columns.append(text)
    assert str(columns).splitlines() == ["  0   |   1  ", "--*-- | *****", "-*-*- | -----"]


def test_columns_of_different_heights_stay_in_line() -> None:
    columns = ColumnPrinter()
    for text in ("**\n", "***\n***\n"):
        columns.append(text)
    assert str(columns).splitlines() == ["0  |  1 ", "** | ***", "   | ***"]


def test_no_columns_are_an_empty_text() -> None:
    assert str(ColumnPrinter()) == ""
