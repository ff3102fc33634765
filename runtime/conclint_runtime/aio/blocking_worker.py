"""The threads of a blocking pool and what they are given to do."""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Generic, TypeVar

from conclint_runtime.aio.errors import CancelledFromWithinError

T = TypeVar("T")
_of_thread = threading.local()


class Job(Generic[T]):
    """One call of a function on a thread, and the future of its result on the loop."""

    def __init__(self, call: Callable[[], T], lend: Callable[[], object], reclaim: Callable[[], object]) -> None:
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[T] = self.loop.create_future()
        self.abandoned = False
        self.cancelled = False
        self.failure: BaseException | None = None
        self._call = call
        self._context = contextvars.copy_context()
        self._lend = lend
        self._reclaim = reclaim

    def execute(self) -> Callable[[], None]:
        """Run the function in this thread; returns what is to be called on the loop to say how it ended."""
        _of_thread.job = self
        try:
            result = self._context.run(self._call)
        except BaseException as error:
            self.failure = failure = error
            return lambda: self._fail(failure)
        else:
            return lambda: self.future.set_result(result)
        finally:
            _of_thread.job = None

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, StopIteration):  # a future refuses it: it would end the generator behind an await
            wrapped = RuntimeError("the blocking function raised StopIteration")
            wrapped.__cause__ = error
            error = wrapped
        elif isinstance(error, asyncio.CancelledError) and not self.cancelled:
            wrapped = CancelledFromWithinError(
                "the blocking function raised CancelledError, though nobody cancelled it"
            )
            wrapped.__cause__ = error
            error = wrapped
        self.future.set_exception(error)

    @contextmanager
    def place_lent(self) -> Iterator[None]:
        """While this thread waits for its own loop, another call may run in its place."""
        lent = _call_on(self.loop, self._lend)
        try:
            yield
        finally:
            if lent:
                _call_on(self.loop, self._reclaim)


def current_job() -> Job[object] | None:
    """The call that this thread runs, if it is a thread of a blocking pool."""
    job = getattr(_of_thread, "job", None)
    return job if isinstance(job, Job) else None


def check_cancelled() -> None:
    """Raise CancelledError when the coroutine that awaits this blocking function has been cancelled.

    For long functions run by `run_blocking` or a `BlockingPool`, to be called between their steps; does nothing
    elsewhere.
    """
    job = current_job()
    if job is not None and job.cancelled:
        raise asyncio.CancelledError("the coroutine that awaits this blocking function was cancelled")


class Worker:
    """One thread; it runs a job at a time and says on the job's loop how it ended.

    Its inbox never holds more than one job: the pool gives the next when the last is done. The thread's wait for it
    ends when the pool gives a job or says `stop()`.
    """

    def __init__(self, name: str, finished: Callable[[Worker, Job[object], Callable[[], None]], object]) -> None:
        self._inbox: queue.SimpleQueue[Job[object] | None] = queue.SimpleQueue()
        self._finished = finished
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = self._loop.create_future()
        threading.Thread(target=self._work, name=name, daemon=True).start()

    def give(self, job: Job[object]) -> None:
        """Have the thread run `job`; only when it has none."""
        self._inbox.put(job)

    def stop(self) -> None:
        """Let the thread end after the job that it has."""
        self._inbox.put(None)

    def _work(self) -> None:
        while (job := self._inbox.get()) is not None:
            say = job.execute()
            if not _call_on(self._loop, partial(self._finished, self, job, say)):
                _log_unheard(job)
                return
            del job, say  # an idle thread must not keep what it last worked on
        _call_on(self._loop, partial(self.ended.set_result, None))


def _call_on(loop: asyncio.AbstractEventLoop, callback: Callable[[], object]) -> bool:
    """Have `loop` call `callback`; False when it was closed, and nobody is left to be told."""
    try:
        loop.call_soon_threadsafe(callback)
    except RuntimeError:
        return False
    return True


def _log_unheard(job: Job[object]) -> None:
    """The error of a call that was abandoned, and outlived its loop, has nobody left but the log."""
    if job.failure is not None and not isinstance(job.failure, asyncio.CancelledError):
        import logging

        logging.getLogger("conclint_runtime.aio").error(
            "a blocking call failed after its event loop was closed", exc_info=job.failure
        )
