"""The loop of one worker thread, and the job that it takes from the queue."""

from __future__ import annotations

import concurrent.futures.thread as standard
import logging
import queue
import weakref
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from ..waitgraph.pools import WorkerPool
from ..waitgraph.threads import ThreadNode
from .future import Future

T = TypeVar("T")

_LOGGER = logging.getLogger("concurrent.futures")


class Owner(Protocol):
    """What a worker asks of the executor that it works for."""

    _shutdown: bool

    def worker_is_free(self) -> None:
        """One worker more is ready for the next job."""

    def worker_is_broken(self) -> None:
        """The initializer failed: no job of this executor will run any more."""


class Cancellable(Protocol):
    """The future of any job."""

    def cancel(self) -> bool:
        """Cancel it, unless it runs or has ended."""


class Runnable(Protocol):
    """What the queue holds."""

    @property
    def future(self) -> Cancellable:
        """What the job completes."""

    def run(self, node: ThreadNode) -> None:
        """Do the job in the calling thread, which is ``node``."""


class Job(Generic[T]):
    """A call that waits in the queue."""

    __slots__ = ("args", "fn", "future", "kwargs")

    def __init__(
        self, future: Future[T], fn: Callable[..., T], args: tuple[object, ...], kwargs: dict[str, object]
    ) -> None:
        self.future = future
        self.fn = fn
        self.args = args
        self.kwargs = kwargs

    def run(self, node: ThreadNode) -> None:
        """Make the call in the calling thread and complete the future with what it returns or raises."""
        future = self.future
        future._runner = node
        if future.set_running_or_notify_cancel():
            node.job = future
            try:
                result = self.fn(*self.args, **self.kwargs)
            except BaseException as error:
                future.set_exception(error)
                del future, self  # the traceback holds this frame
            else:
                future.set_result(result)
            finally:
                node.job = None


Jobs = queue.SimpleQueue[Runnable | None]


def work(
    executor: weakref.ref[Owner],
    jobs: Jobs,
    pool: WorkerPool,
    prepare: Callable[[], object] | None,
) -> None:
    """Serve the queue until ``None`` comes and the executor is shut down, collected, or the interpreter ends.

    A worker reports itself free after each job, before it blocks: so the executor starts a thread for a new job
    exactly when there are more unfinished jobs than threads.
    """
    node = pool.enter()
    if prepare is not None and not _prepare(executor, prepare):
        return
    try:
        while True:
            job = jobs.get()
            if job is not None:
                job.run(node)
                del job
                owner = executor()
                if owner is not None:
                    owner.worker_is_free()
                del owner
                continue
            owner = executor()
            if standard._shutdown or owner is None or owner._shutdown:
                if owner is not None:
                    owner._shutdown = True
                jobs.put(None)  # the next worker has to hear it too
                return
            del owner
    except BaseException:
        _LOGGER.critical("Exception in worker", exc_info=True)


def _prepare(executor: weakref.ref[Owner], prepare: Callable[[], object]) -> bool:
    try:
        prepare()
    except BaseException:
        _LOGGER.critical("Exception in initializer:", exc_info=True)
        owner = executor()
        if owner is not None:
            owner.worker_is_broken()
        return False
    return True
