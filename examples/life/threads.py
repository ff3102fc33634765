from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from .board import Board, game_logic


class Quarters:
    """Divides the board into quarters, those into quarters again, and so on, all on one pool of threads."""

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(max_workers=threads)
        self.changed = 0

    def play(self, board: Board, generations: int) -> Board:
        for _ in range(generations):
            following = Board([[False] * board.width for _ in range(board.height)])
            self._threads.submit(self._part, board, following, 0, board.height, 0, board.width).result()
            board = following
        return board

    def _part(self, board: Board, following: Board, top: int, bottom: int, left: int, right: int) -> None:
        if bottom - top <= 4 or right - left <= 4:
            self._cells(board, following, top, bottom, left, right)
            return
        middle, center = (top + bottom) // 2, (left + right) // 2
        parts = [
            self._threads.submit(self._part, board, following, *rows, *columns)
            for rows in ((top, middle), (middle, bottom))
            for columns in ((left, center), (center, right))
        ]
        for part in parts:
            part.result()

    def _cells(self, board: Board, following: Board, top: int, bottom: int, left: int, right: int) -> None:
        for y in range(top, bottom):
            for x in range(left, right):
                following.rows[y][x] = game_logic(board.alive(y, x), board.neighbors(y, x))
                if following.rows[y][x] != board.rows[y][x]:
                    self._count()

    def _count(self) -> None:
        guard = threading.Lock()
        with guard:
            self.changed += 1
