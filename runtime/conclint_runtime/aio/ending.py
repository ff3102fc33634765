"""Ending tasks: the one wait that a cancellation does not break off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable
from typing import TypeVar

T = TypeVar("T")


async def wait_until_ended(left: Callable[[], Collection[asyncio.Future[T]]], cancel: Callable[[], object]) -> None:
    """Wait until `left()`, the tasks that have not ended, is empty; whoever keeps them takes out each that ends.

    When the caller is cancelled meanwhile, `cancel()` is called, the wait goes on, and the cancellation is raised at
    its end: to leave earlier would leave tasks behind.
    """
    cancelled: asyncio.CancelledError | None = None
    while tasks := left():
        pending = [task for task in tasks if not task.done()]
        try:
            if pending:
                await asyncio.wait(pending)
            else:  # all are done, and the callbacks that take them out run in this turn of the loop
                await asyncio.sleep(0)
        except asyncio.CancelledError as error:
            if cancelled is None:
                cancel()
            cancelled = error
    if cancelled is not None:
        raise cancelled


async def cancel_and_wait(tasks: Iterable[asyncio.Future[T]]) -> None:
    """Cancel `tasks` and wait until each has ended, which may clean up first."""
    ending = tuple(tasks)
    for task in ending:
        task.cancel()
    await wait_until_ended(lambda: [task for task in ending if not task.done()], lambda: None)
