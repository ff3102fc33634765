from __future__ import annotations

import asyncio

from .board import Board, game_logic


async def next_cell(board: Board, y: int, x: int) -> bool:
    return game_logic(board.alive(y, x), board.neighbors(y, x))


async def next_row(board: Board, y: int) -> list[bool]:
    return [await next_cell(board, y, x) for x in range(board.width)]


async def _play(board: Board, generations: int) -> Board:
    """Every row is a coroutine, so that they are made at the same time."""
    for _ in range(generations):
        rows = await asyncio.gather(*(next_row(board, y) for y in range(board.height)))
        board = Board(rows)
    return board


def play_rows(board: Board, generations: int) -> Board:
    return asyncio.run(_play(board, generations))
