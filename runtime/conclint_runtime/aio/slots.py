"""A bound on how many do something at one time, first come first served."""

from __future__ import annotations

import asyncio
from collections import deque


class Slots:
    """`total` slots; a free one goes to whoever has waited longest.

    Why not `asyncio.Semaphore`: it binds itself to a loop at its first wait and keeps that loop alive, and it cannot
    say how many wait. The waiting line holds one entry for each task that waits here, so it is bounded by their
    number. Belongs to the thread of one loop.
    """

    __slots__ = ("_waiters", "peak", "taken", "total")

    def __init__(self, total: int, what: str) -> None:
        if total < 1:
            raise ValueError(f"{what} must be at least 1, not {total}: nothing would ever run")
        self.total = total
        self.taken = 0
        self.peak = 0
        self._waiters: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        """How many tasks wait for a slot."""
        return len(self._waiters)

    def try_acquire(self) -> bool:
        """Take a slot when one is free, which it is only while nobody waits: a released one is handed over at once."""
        if self.taken >= self.total:
            return False
        self.reclaim()
        return True

    async def acquire(self) -> None:
        """Take a slot; the wait ends when one is released."""
        if self.try_acquire():
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._waiters.remove(turn)
            else:  # the slot was handed over before the cancellation arrived
                self.release()
            raise

    def release(self) -> None:
        """Give a slot back, or rather to the first who waits."""
        self.taken -= 1
        if self.taken >= self.total:
            return
        for turn in self._waiters:
            if not turn.done():  # a cancelled one takes itself out when its task runs next
                self._waiters.remove(turn)
                self.reclaim()
                turn.set_result(None)
                return

    def reclaim(self) -> None:
        """Take a slot whether or not one is free: for work that lent its own and goes on."""
        self.taken += 1
        self.peak = max(self.peak, self.taken)
