"""The event loop that a pool lives on: the one that made it, or one of its own in a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Protocol, TypeVar

T = TypeVar("T")


class Home(Protocol):
    """Where a pool's actors run."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop, running or about to."""
        ...

    @property
    def gone(self) -> bool:
        """Whether the loop can run nothing any more."""
        ...

    def here(self) -> bool:
        """Return whether the caller runs on this very loop."""
        ...


class CallersLoop:
    """The loop of the coroutine that made the pool."""

    __slots__ = ("_loop",)

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop."""
        return self._loop

    @property
    def gone(self) -> bool:
        """Whether the loop was closed."""
        return self._loop.is_closed()

    def here(self) -> bool:
        """Return whether the caller runs on this loop."""
        return running_loop() is self._loop


class LoopThread:
    """A loop in a thread of its own, both started when the loop is first asked for.

    The thread is a daemon, so that a program that ends without stopping it still ends.
    """

    __slots__ = ("_closed", "_gate", "_loop", "_name", "_thread")

    def __init__(self, name: str) -> None:
        self._name = name
        self._gate = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop; work may be handed to it with `call_soon_threadsafe` at once.

        Raises:
            RuntimeError: it has been stopped.
        """
        with self._gate:
            if self._closed:
                raise RuntimeError(f"the event loop thread {self._name!r} was stopped")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=_run, args=(self._loop,), name=self._name, daemon=True)
                self._thread.start()
            return self._loop

    @property
    def gone(self) -> bool:
        """Whether it has been stopped."""
        return self._closed

    @property
    def started(self) -> bool:
        """Whether the loop has been asked for."""
        return self._loop is not None

    def here(self) -> bool:
        """Return whether the caller runs on this loop."""
        return self._loop is not None and running_loop() is self._loop

    def run(self, work: Coroutine[object, object, T]) -> T:
        """Run a coroutine on the loop and wait for it, from another thread; ends when the coroutine does."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def stop(self, seconds: float | None = None) -> None:
        """Cancel what still runs on the loop, end the loop and its thread, and wait for that; from another thread.

        A task that swallows its cancellation, or a thread of the loop's executor that is busy, is waited for: for
        `seconds` at most, without a bound when None.
        """
        with self._gate:
            self._closed = True
            loop, thread = self._loop, self._thread
        if loop is not None and thread is not None and thread.is_alive():
            loop.call_soon_threadsafe(loop.stop)
            thread.join(seconds)


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the loop that runs in this thread, None when there is none."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.wait(left))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        asyncio.set_event_loop(None)
        loop.close()
