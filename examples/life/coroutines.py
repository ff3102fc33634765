from __future__ import annotations

import asyncio

from .board import Board
from .oracle import Oracle


class Game:
    """Every cell is a coroutine, so that all of them can wait for the oracle at once."""

    def __init__(self, oracle: Oracle) -> None:
        self._oracle = oracle
        self.living = 0

    async def next_board(self, board: Board) -> Board:
        self.living = 0
        following = Board([[False] * board.width for _ in range(board.height)])
        places = [(y, x) for y in range(board.height) for x in range(board.width)]
        await asyncio.gather(*(self._step_cell(board, following, y, x) for y, x in places))
        return following

    async def _step_cell(self, board: Board, following: Board, y: int, x: int) -> None:
        self.living += await self._next_cell(board, following, y, x)

    async def _next_cell(self, board: Board, following: Board, y: int, x: int) -> bool:
        await asyncio.sleep(0)
        following.rows[y][x] = self._oracle.ask(board.alive(y, x), board.neighbors(y, x))
        return following.rows[y][x]


def play(board: Board, generations: int, oracle: Oracle) -> Board:
    game = Game(oracle)
    for number in range(generations):
        board = asyncio.run(game.next_board(board))
        print(f"generation {number + 1}: {game.living} cells alive")
    oracle.close()
    return board
