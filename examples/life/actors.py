from __future__ import annotations

import ray

from .board import Board, Rows, next_rows


@ray.remote
class Band:
    """Some rows of the board, which a process of its own brings on."""

    def __init__(self, first: int, last: int) -> None:
        self._first = first
        self._last = last

    def step(self, rows: Rows) -> list[list[bool]]:
        return next_rows(Board(rows), self._first, self._last)


def play_in_bands(board: Board, generations: int, count: int = 2) -> Board:
    edges = [board.height * number // count for number in range(count + 1)]
    bands = [Band.remote(first, last) for first, last in zip(edges, edges[1:])]
    for _ in range(generations):
        parts = [ray.get(band.step.remote(board.rows)) for band in bands]
        board = Board([row for part in parts for row in part])
    return board
