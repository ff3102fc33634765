"""A time limit on a call to an actor that may be too busy to hear of its cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def wait_for(call: Awaitable[T], timeout: float | None = None) -> T:
    """Wait for a call for at most `timeout` seconds (None: until it ends).

    `asyncio.wait_for` waits until the cancelled call has ended, and a call to another pool ends only when that pool
    has heard of the cancellation, which one that is blocked does not. This returns at the end of the time, whether it
    has or not; the call is cancelled behind it.

    Raises:
        asyncio.TimeoutError: the time is over.

    Source: `xoscar.wait_for`.
    """
    task = asyncio.ensure_future(call)
    try:
        return await asyncio.wait_for(asyncio.shield(task), timeout)
    except (asyncio.TimeoutError, asyncio.CancelledError):  # another class before 3.11
        if not task.done():
            task.add_done_callback(_retrieve)
            task.cancel()
        raise


def _retrieve(task: asyncio.Future[T]) -> None:
    """Take the error of a call that nobody waits for any more, or asyncio reports it as lost."""
    if not task.cancelled():
        task.exception()
