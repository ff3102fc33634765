"""Event loops on threads of their own, which take work from other threads without a system call while they are awake.

A loop costs a thread and three descriptors. Up to `OWN_LOOPS` concurrency groups of async actors have one each; those
after that share them in turn, so that a thousand async actors do not run the process out of descriptors. On a shared
loop a method that blocks stops the other actors of that loop too: the one difference from Ray, where each actor is a
process.
"""

from __future__ import annotations

import asyncio
import selectors
import threading
from collections import deque
from collections.abc import Callable
from contextvars import Context
from typing import Any

from conclint_runtime.actors.parking import SPIN_TURNS, yield_processor
from conclint_runtime.actors.threads import Threads

OWN_LOOPS = 64
MAIL_PER_TURN = 256
"""How many posted jobs run before the loop looks after its own again."""

Job = tuple[Callable[[Any], object], Any]  # a function and the one argument that it was posted with
_by_thread: dict[int, LoopThread] = {}


class _MailSelector(selectors.DefaultSelector):
    """The platform's selector. Before it sleeps it looks for mail; after some had come it spins a little for more."""

    def __init__(self) -> None:
        super().__init__()
        self.mail: deque[Job] = deque()
        self.asleep = False
        self._glances = 0
        self._warm = False
        self.deliver: Callable[[], None] | None = None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        mail = self.mail
        if timeout is None or timeout > 0:
            if self._warm and not mail:
                timeout = self._spin(timeout)
            if not mail:
                self.asleep = True
                if mail:
                    timeout = 0
                events = super().select(timeout)
                self.asleep = False
            else:
                events = super().select(0)
        else:
            events = self._glance(timeout)
        if mail and self.deliver is not None:
            self._warm = True
            self.deliver()
        return events

    def _glance(self, timeout: float) -> list[tuple[selectors.SelectorKey, int]]:
        """Look for events while callbacks wait: at every fourth turn of the loop, which costs a look each."""
        self._glances = (self._glances + 1) % 4
        return super().select(timeout) if self._glances == 0 else []

    def _spin(self, timeout: float | None) -> float | None:
        mail = self.mail
        for _ in range(SPIN_TURNS):
            yield_processor()
            if mail:
                return 0
        self._warm = False  # a loop that only has timers to look after does not spin before each
        return timeout


class LoopThread:
    """A daemon thread that runs an event loop until `stop`."""

    def __init__(self, threads: Threads, name: str) -> None:
        self._selector = _MailSelector()
        self._mail = self._selector.mail
        self.loop = asyncio.SelectorEventLoop(self._selector)
        self._delivering = False
        self._stopped = False
        self._selector.deliver = self._deliver_soon
        self.sharers = 0
        self.thread = threads.start(self._run, name)

    def post(self, function: Callable[[Any], object], argument: Any) -> None:  # as call_soon takes it
        """Have `function(argument)` called on the loop, after what was posted before. Any thread may call this."""
        self._mail.append((function, argument))
        if self._selector.asleep:
            self._selector.asleep = False
            try:
                self.loop.call_soon_threadsafe(_nothing)
            except RuntimeError:
                pass  # closed: nobody waits for what is posted now, the actors are dead

    def on_this_thread(self) -> bool:
        """Whether the caller runs on the loop's thread."""
        return threading.get_ident() == self.thread.ident

    def stop(self) -> None:
        """Cancel the loop's tasks and end its thread, without waiting for either."""
        if not self._stopped:
            self._stopped = True
            self.post(lambda _: self.loop.stop(), None)

    def _deliver_soon(self) -> None:
        if not self._delivering:
            self._delivering = True
            self.loop.call_soon(self._deliver, context=Context())

    def _deliver(self) -> None:
        self._delivering = False
        mail = self._mail
        for _ in range(MAIL_PER_TURN):
            if not mail:
                return
            function, argument = mail.popleft()
            function(argument)

    def _run(self) -> None:
        ident = threading.get_ident()
        _by_thread[ident] = self
        try:
            self.loop.run_forever()
            self._wind_up()
        finally:
            del _by_thread[ident]
            self.loop.close()

    def _wind_up(self) -> None:
        """Cancel what is left and let it end, as `asyncio.run` does, but for a bounded number of turns."""
        while self._mail:
            self._deliver()
        tasks = asyncio.all_tasks(self.loop)
        for task in tasks:
            task.cancel()
        if tasks:
            self.loop.run_until_complete(asyncio.wait(tasks, timeout=1.0))
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())


def _nothing() -> None:
    """Wake a loop."""


def loop_of_thread(ident: int) -> LoopThread | None:
    """Return the loop thread with this thread identifier, or None when it is not one of ours."""
    return _by_thread.get(ident)


class LoopThreads:
    """The loops of one engine: a new one for each that asks, up to the limit; then those with the fewest sharers."""

    def __init__(self, threads: Threads, limit: int = OWN_LOOPS) -> None:
        self._starter = threads
        self._limit = limit
        self._lock = threading.Lock()
        self._threads: list[LoopThread] = []

    def acquire(self, name: str) -> LoopThread:
        """Return a loop for one more concurrency group."""
        with self._lock:
            if len(self._threads) < self._limit:
                self._threads.append(LoopThread(self._starter, name))
                chosen = self._threads[-1]
            else:
                chosen = min(self._threads, key=lambda thread: thread.sharers)
            chosen.sharers += 1
            return chosen

    def count(self) -> int:
        """How many loops run."""
        return len(self._threads)

    def release(self, thread: LoopThread) -> None:
        """Give a loop back; the last one to do so ends it."""
        with self._lock:
            thread.sharers -= 1
            if thread.sharers == 0 and thread in self._threads:
                self._threads.remove(thread)
                thread.stop()
