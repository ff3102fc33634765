"""How a job gets to the loop of a pool and its outcome back, from the same loop or from another thread's.

A job that was started is always answered: with its outcome, or with `ServerClosed` when the pool is stopped.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial

from conclint_runtime.xo.errors import ServerClosed
from conclint_runtime.xo.homes import Home
from conclint_runtime.xo.messages import Failed, Outcome

Job = Callable[[], Coroutine[object, object, Outcome]]


@dataclass(frozen=True, slots=True)
class Posted:
    """A job on its way.

    Attributes:
        reply: the future that its outcome arrives in, on the loop of the one who posted it; never an error.
        cancel: cancels the job.
        crosses: whether it went from one loop to another, so that values are copied.
    """

    reply: asyncio.Future[Outcome]
    cancel: Callable[[], object]
    crosses: bool


class Mailroom:
    """Starts the jobs of one pool on the pool's loop, and keeps them until they end.

    The jobs under way are not bounded, as xoscar's are not: what bounds them is that callers await their calls.
    """

    __slots__ = ("_awaited", "_closed", "_gate", "_tasks", "address", "home")

    def __init__(self, address: str, home: Home) -> None:
        self.address = address
        self.home = home
        self._tasks: set[asyncio.Task[Outcome]] = set()
        self._closed = False
        self._awaited: dict[asyncio.Future[Outcome], asyncio.AbstractEventLoop] = {}
        # Between the check and the hand-over no other thread may close: what was handed over is then still run.
        # Reentrant, since a finalizer, which may run at any allocation, hands something over too.
        self._gate = threading.RLock()

    @property
    def closed(self) -> bool:
        """Whether the pool takes no more jobs: it was stopped, or its loop was closed under it."""
        return self._closed or self.home.gone

    def under_way(self) -> int:
        """Return how many jobs have been started and not yet ended."""
        return len(self._tasks)

    def post(self, job: Job) -> Posted:
        """Start a job on the pool's loop; called on any running loop.

        Raises:
            ConnectionRefusedError: the pool has been stopped.
        """
        if self.home.here():
            if self._closed:
                raise self.refused()
            task = self._start(job)
            return Posted(task, task.cancel, crosses=False)
        here = asyncio.get_running_loop()
        reply: asyncio.Future[Outcome] = here.create_future()
        reply.add_done_callback(lambda done: self._awaited.pop(done, None))
        started: list[asyncio.Task[Outcome]] = []

        def start() -> None:
            task = self._start(job)
            started.append(task)
            task.add_done_callback(partial(_hand_back, here, reply))

        def cancel() -> None:
            for task in started:
                task.cancel()

        with self._gate:
            if self.closed:
                raise self.refused()
            self._awaited[reply] = here
            self.home.loop.call_soon_threadsafe(start)
        return Posted(reply, lambda: self.soon(cancel), crosses=True)

    def soon(self, action: Callable[[], object]) -> None:
        """Run a short action on the pool's loop, from any thread; nothing runs once the pool is closed."""
        with self._gate:
            if not self.closed:
                self.home.loop.call_soon_threadsafe(action)

    def refused(self) -> ConnectionRefusedError:
        """Return the error that a call to a stopped pool ends with."""
        return ConnectionRefusedError(f"no actor pool listens at {self.address!r} in this process: it was stopped")

    def _start(self, job: Job) -> asyncio.Task[Outcome]:
        task = self.home.loop.create_task(self._answered(job))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _answered(self, job: Job) -> Outcome:
        if self._closed:  # handed over before the pool was closed, begun after
            return self._cut_off()
        try:
            outcome = await job()
        except asyncio.CancelledError as error:
            outcome = Failed(error, error.__traceback__, self.address)
        except Exception as error:  # what a job does is the user's code: its error is the outcome
            outcome = Failed(error, error.__traceback__, self.address)
        if self._closed and isinstance(outcome, Failed) and isinstance(outcome.error, asyncio.CancelledError):
            return self._cut_off()
        return outcome

    def _cut_off(self) -> Failed:
        return Failed(ServerClosed(f"the actor pool at {self.address} was stopped"), None, self.address)

    async def close(self) -> None:
        """Take no more jobs, cancel those under way and wait for them; on the pool's loop. Ends when they have ended.

        A job that swallows its cancellation is waited for.
        """
        with self._gate:
            self._closed = True
        await asyncio.sleep(0)  # what other threads handed over before is started now, to be answered too
        under_way = list(self._tasks)
        for task in under_way:
            task.cancel()
        if under_way:
            await asyncio.wait(under_way)

    def abandon(self) -> None:
        """Answer whoever waits on another loop, since the pool's own, which is blocked, may never do so."""
        with self._gate:
            self._closed = True
            awaited = list(self._awaited.items())
        for reply, loop in awaited:
            _settle(loop, reply, self._cut_off())


async def outcome_of(posted: Posted) -> Outcome:
    """Wait for a job's outcome; cancelling this wait cancels the job, and waits until it has heard of it."""
    try:
        return await asyncio.shield(posted.reply)
    except asyncio.CancelledError:
        if posted.reply.done():
            raise
        posted.cancel()
        return await posted.reply


def _hand_back(here: asyncio.AbstractEventLoop, reply: asyncio.Future[Outcome], task: asyncio.Task[Outcome]) -> None:
    """Give a task's outcome to the loop that waits for it, from the pool's loop."""
    if task.cancelled():
        outcome: Outcome = Failed(asyncio.CancelledError(), None, "")
    elif (error := task.exception()) is not None:  # SystemExit and KeyboardInterrupt end the pool's loop
        outcome = Failed(error, error.__traceback__, "")
    else:
        outcome = task.result()
    _settle(here, reply, outcome)


def _settle(loop: asyncio.AbstractEventLoop, reply: asyncio.Future[Outcome], outcome: Outcome) -> None:
    """Set the outcome of a future of another loop; the first one counts."""

    def settle() -> None:
        if not reply.done():
            reply.set_result(outcome)

    try:
        loop.call_soon_threadsafe(settle)
    except RuntimeError:  # that loop has been closed: nobody waits any more
        return
