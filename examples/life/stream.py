from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

from .board import Board, next_rows


async def generations(board: Board, count: int) -> AsyncIterator[Board]:
    """One board after the other, each made in a pool, so that whoever shows them goes on meanwhile."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        for _ in range(count):
            board = Board(pool.submit(next_rows, board, 0, board.height).result())
            yield board


async def _last(board: Board, count: int) -> Board:
    async for board in generations(board, count):
        pass
    return board


def play_all(board: Board, count: int) -> Board:
    return asyncio.run(_last(board, count))
