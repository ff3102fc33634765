"""An event loop for many runs, which an interruption ends cleanly on every Python.

`asyncio.run` for each generation would make as many loops, and an interruption that comes while one is made would leave
a coroutine that nobody awaits; before Python 3.11 one that comes later is raised in whichever task runs, and the others
never hear of it (https://docs.python.org/3/library/asyncio-runner.html#handling-keyboard-interruption).
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

_T = TypeVar("_T")


class Loop:
    """An event loop that belongs to a block of `event_loop`."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[object] | None = None
        self._running = False
        self._interrupted = False

    def run(self, main: Callable[[], Coroutine[object, object, _T]]) -> _T:
        """Run a coroutine to its end.

        Parameters:
            main: makes it.

        Raises:
            KeyboardInterrupt: it was interrupted, and has been cancelled.
        """
        self._running = True
        try:
            task = self._loop.create_task(main())
            self._task = task
            if self._interrupted:
                task.cancel()
            return self._loop.run_until_complete(task)
        except asyncio.CancelledError:
            if not self._interrupted:
                raise
        finally:
            self._task = None
            self._running = False
            if self._interrupted:
                raise KeyboardInterrupt  # whatever it came to: the interruption was asked for

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        """The handler of an interruption: the first cancels what runs, any other is raised where the thread is."""
        if not self._running or self._interrupted:
            signal.default_int_handler(number, frame)
        self._interrupted = True
        if self._task is not None:
            self._task.cancel()
            self._loop.call_soon_threadsafe(bool)  # the loop may be asleep, and a signal alone does not wake it

    def close(self) -> None:
        """Cancel what is left, wait until it has ended, and close the loop."""
        try:
            left = asyncio.all_tasks(self._loop)
            for task in left:
                task.cancel()
            if left:
                self._loop.run_until_complete(asyncio.wait(left))
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        finally:
            self._loop.close()


@contextmanager
def event_loop() -> Iterator[Loop]:
    """A loop for the block. In the main thread it handles interruptions, unless the program does so itself."""
    loop = Loop()
    is_ours = threading.current_thread() is threading.main_thread()
    is_ours = is_ours and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_ours:
        signal.signal(signal.SIGINT, loop.interrupt)
    try:
        yield loop
    finally:
        try:
            loop.close()
        finally:
            if is_ours:
                signal.signal(signal.SIGINT, signal.default_int_handler)
