"""An event loop whose clock jumps to the next timer instead of waiting for it."""

from __future__ import annotations

import asyncio
import selectors
import sys
from collections.abc import Coroutine, Mapping
from typing import TypeVar

T = TypeVar("T")
STUCK_AFTER = 20.0


class JumpingSelector(selectors.DefaultSelector):
    """Polls; what it would have waited is added to the clock. Without any timer it waits really, for a thread."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            ready = super().select(STUCK_AFTER)
            if not ready:
                raise AssertionError("the loop would wait for ever")
            return ready
        ready = super().select(0)
        if not ready and timeout > 0:
            self.now += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Runs timers in their order without waiting for them."""

    def __init__(self) -> None:
        self.clock = JumpingSelector()
        super().__init__(self.clock)
        self.unhandled: list[Mapping[str, object]] = []
        self.set_exception_handler(lambda _, context: self.unhandled.append(context))

    def time(self) -> float:
        return self.clock.now


def run(main: Coroutine[object, object, T], *, eager: bool = False) -> T:
    """`asyncio.run` on a loop of virtual time; with eager tasks (Python 3.12) when asked for."""
    loop = VirtualTimeLoop()
    if eager and sys.version_info >= (3, 12):
        loop.set_task_factory(asyncio.eager_task_factory)
    try:
        return loop.run_until_complete(main)
    finally:
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(asyncio.wait(tasks))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def unhandled() -> list[BaseException]:
    """The errors that the running loop's exception handler was told."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    return [error for context in loop.unhandled if isinstance(error := context.get("exception"), BaseException)]
