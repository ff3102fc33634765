"""`run_blocking`: blocking functions on a bounded pool of threads, awaited."""

from __future__ import annotations

import asyncio
import os
import weakref
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import ParamSpec, TypeVar, cast

from conclint_runtime.aio.blocking_worker import Job, Worker
from conclint_runtime.aio.ending import wait_until_ended
from conclint_runtime.aio.errors import AioError, ClosedError
from conclint_runtime.aio.slots import Slots

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BlockingStatistics:
    """A snapshot: `threads` of the pool, `running` calls (at most `limit`), `waiting` callers that want a thread, calls
    `completed` so far whether they returned or raised, and calls `abandoned` by their callers that still run."""

    threads: int
    running: int
    limit: int
    waiting: int
    completed: int
    abandoned: int


class BlockingPool:
    """At most `max_threads` threads that run blocking functions for the coroutines of one event loop.

    `async with BlockingPool(4) as pool: await pool.run(function, ...)`. Threads are started when they are needed and
    end with the block. When all are busy, callers wait in line, first come first served; there is no queue but the
    callers themselves.

    A thread cannot be stopped, so what a cancellation means is the caller's choice: `run` waits for the function's
    end before it raises the cancellation, `run_abandonable` raises it at once and leaves the thread to itself, where
    it keeps its place among the `max_threads` until the function returns. In both the function can ask
    `check_cancelled()`.

    The threads are daemons: a function that was abandoned and never returns cannot keep the interpreter from its
    exit. A thread that waits for its loop, by a bridge, lends its place for that time, so such a pool cannot starve
    itself.
    """

    def __init__(self, max_threads: int | None = None, *, name: str = "blocking") -> None:
        self._slots = Slots(max_threads or min(32, (os.cpu_count() or 1) + 4), "max_threads")
        self._name = name
        self._idle: list[Worker] = []
        self._workers: set[Worker] = set()
        self._running: set[asyncio.Future[object]] = set()
        self._loop: weakref.ref[asyncio.AbstractEventLoop] | None = None
        self._closed = False
        self._completed = self._abandoned = 0
        self._keeper: AsyncGenerator[None, None] | None = None

    def __repr__(self) -> str:
        return f"<BlockingPool {self._name!r}: {len(self._workers)} of {self._slots.total} threads>"

    def statistics(self) -> BlockingStatistics:
        """How busy it is."""
        return BlockingStatistics(
            threads=len(self._workers),
            running=self._slots.taken,
            limit=self._slots.total,
            waiting=self._slots.waiting,
            completed=self._completed,
            abandoned=self._abandoned,
        )

    async def run(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of `function(*args, **kwargs)`, run on a thread with the caller's context variables.

        Raises what it raises. When the caller is cancelled, the wait goes on until the function has ended, and the
        cancellation is raised then. While the caller waits for a thread it can be cancelled at once.
        """
        job = await self._begin(partial(function, *args, **kwargs))

        def cancel() -> None:
            job.cancelled = True

        try:
            await wait_until_ended(lambda: () if job.future.done() else (job.future,), cancel)
        except asyncio.CancelledError:
            _report(job)
            raise
        return job.future.result()

    async def run_abandonable(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """As `run`, but a cancellation is raised at once: the function goes on, unheard, and what it returns is
        dropped.

        What it raises then goes to the loop's exception handler. Nothing waits for it, not even the end of the pool.
        """
        job = await self._begin(partial(function, *args, **kwargs))
        try:
            await asyncio.wait([job.future])
        except asyncio.CancelledError:
            job.cancelled = True
            if job.future.done():
                _report(job)
            else:
                job.abandoned = True
                self._abandoned += 1
                self._running.discard(job.future)
            raise
        return job.future.result()

    async def close(self) -> None:
        """Refuse new calls, wait for those under way (not for abandoned ones), and end the threads."""
        self._closed = True
        try:
            await wait_until_ended(lambda: self._running, lambda: None)
        finally:  # a cancellation has waited until here, and waits on
            idle, self._idle = self._idle, []
            for worker in idle:
                worker.stop()
            self._workers.difference_update(idle)
            await wait_until_ended(lambda: [each.ended for each in idle if not each.ended.done()], lambda: None)

    def stop_idle(self) -> None:
        """Refuse new calls and end the threads that have nothing to do, without waiting: for a loop that is gone."""
        self._closed = True
        for worker in self._idle:
            worker.stop()

    async def __aenter__(self) -> BlockingPool:
        """Begin the block; `ClosedError` when the pool has ended."""
        self._check_open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End as `close` does."""
        await self.close()

    def _check_open(self) -> None:
        if self._closed:
            raise ClosedError(f"{self!r} has ended and runs nothing more")
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = weakref.ref(loop)
        elif self._loop() is not loop:
            raise AioError(f"{self!r} belongs to another event loop: make one for each loop")

    async def _begin(self, call: Callable[[], T]) -> Job[T]:
        self._check_open()
        await self._slots.acquire()
        try:
            self._check_open()
            worker = self._idle.pop() if self._idle else self._hire()
        except BaseException:
            self._slots.release()
            raise
        job = Job(call, self._slots.release, self._slots.reclaim)
        self._running.add(cast("asyncio.Future[object]", job.future))
        worker.give(cast("Job[object]", job))
        return job

    def _hire(self) -> Worker:
        worker = Worker(f"{self._name}-{len(self._workers)}", self._finished)
        self._workers.add(worker)
        return worker

    def _finished(self, worker: Worker, job: Job[object], say: Callable[[], None]) -> None:
        say()
        self._completed += 1
        self._running.discard(job.future)
        self._slots.release()
        if job.abandoned:
            self._abandoned -= 1
            _report(job)
        if self._closed and job.abandoned:
            self._workers.discard(worker)
            worker.stop()
        else:
            self._idle.append(worker)


def _report(job: Job[T]) -> None:
    """The error of a call whose caller was cancelled goes to the loop's handler, unless it is the cancellation
    itself.
    """
    error = job.future.exception()
    if error is not None and not isinstance(error, asyncio.CancelledError):
        job.loop.call_exception_handler(
            {"message": "a blocking call failed after its caller was cancelled", "exception": error}
        )


_pools: dict[asyncio.AbstractEventLoop, BlockingPool] = {}


async def blocking_pool() -> BlockingPool:
    """The running loop's own pool, which `run_blocking` uses; it ends with the loop.

    `asyncio.run` closes a loop's async generators at its end (`loop.shutdown_asyncgens()`), and one of them, that does
    nothing else, closes the pool then. Of a loop that was closed without that, the pool's threads end when the next
    loop asks for its pool, or with the interpreter.
    """
    loop = asyncio.get_running_loop()
    pool = _pools.get(loop)
    if pool is None:
        for gone in tuple(_pools):
            if gone.is_closed():
                _pools.pop(gone).stop_idle()
        pool = _pools[loop] = BlockingPool(name="run_blocking")
        pool._keeper = _end_of_loop(loop, pool)
        await anext(pool._keeper)
    return pool


async def _end_of_loop(loop: asyncio.AbstractEventLoop, pool: BlockingPool) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        _pools.pop(loop, None)
        await pool.close()


async def run_blocking(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """The result of the blocking `function(*args, **kwargs)`, run on a thread of the loop's own pool.

    As `asyncio.to_thread`, on a pool that belongs to the loop and says so when it is full (`(await
    blocking_pool()).statistics()`), and honest about cancellation: a thread cannot be stopped, so a cancelled caller
    waits until the function has ended, which may ask `check_cancelled()`. See `run_abandonable` for the other choice.
    """
    return await (await blocking_pool()).run(function, *args, **kwargs)


async def run_abandonable(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """As `run_blocking`, but a cancelled caller leaves at once, and the function goes on without it; see
    `BlockingPool`.
    """
    return await (await blocking_pool()).run_abandonable(function, *args, **kwargs)
