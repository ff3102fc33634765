"""The thread pool."""

from __future__ import annotations

import concurrent.futures.thread as standard
import queue
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import ParamSpec, TypeVar, cast

from ..waitgraph.nodes import Need
from ..waitgraph.places import user_caller
from ..waitgraph.pools import WorkerPool
from ..waitgraph.threads import Join, node_of
from ..waitgraph.waits import Wait
from .future import Future, describe_job
from .mapping import map_calls
from .worker import Job, Jobs, Runnable, work

P = ParamSpec("P")
T = TypeVar("T")

_LONGEST_SLICE = 0.05


@dataclass(frozen=True, slots=True)
class ThreadPoolStatistics:
    """A moment of a thread pool.

    Attributes:
        max_workers: how many threads there may be.
        workers: how many have been started.
        busy: how many run a job.
        waiting: how many of them are in a wait without a timeout.
        queued: jobs that no worker has taken yet.
        submitted: jobs accepted so far.
    """

    max_workers: int
    workers: int
    busy: int
    waiting: int
    queued: int
    submitted: int


class _Provider:
    """The pool as what its futures know of it. It does not keep the executor, whose collection ends the threads."""

    __slots__ = ("_executor", "workers")

    def __init__(self, workers: WorkerPool, executor: ThreadPoolExecutor) -> None:
        self.workers = workers
        self._executor = weakref.ref(executor)

    def need(self) -> Need | None:
        return self.workers.need()

    def describe(self) -> str:
        return self.workers.describe()

    def assist(self) -> None:
        executor = self._executor()
        if executor is not None and self.workers.exhausted():
            executor._grow()


class ThreadPoolExecutor(standard.ThreadPoolExecutor):
    """`concurrent.futures.ThreadPoolExecutor` that raises `DeadlockError` where the standard one hangs.

    The queue of jobs is not bounded, as the standard one's; ``map(buffersize=)`` bounds what one call puts into it.

    Parameters:
        max_workers: the greatest number of threads; by default four more than processors, at most 32.
        thread_name_prefix: begins the names of the threads, and names the pool in messages.
        initializer: called in each thread before its first job; if it raises, the pool is broken.
        initargs: its arguments.

    Source: https://docs.python.org/3/library/concurrent.futures.html#threadpoolexecutor
    """

    def __init__(
        self,
        max_workers: int | None = None,
        thread_name_prefix: str = "",
        initializer: Callable[..., object] | None = None,
        initargs: tuple[object, ...] = (),
    ) -> None:
        super().__init__(max_workers, thread_name_prefix)
        if initializer is not None and not callable(initializer):
            raise TypeError("initializer must be a callable")
        self._prepare = None if initializer is None else partial(initializer, *initargs)
        self._jobs = cast("Jobs", self._work_queue)
        self._provider = _Provider(WorkerPool(str(self._thread_name_prefix), self._max_workers), self)
        self._submitted = 0
        # One entry for each free worker, at most as many as threads. The standard library's semaphore is written in
        # Python and costs more than the rest of what a worker does for a job.
        self._free: deque[None] = deque()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Queue the call of ``fn`` and return its future at once.

        Raises:
            RuntimeError: the pool, or the interpreter, was shut down.
            BrokenThreadPool: an initializer failed.
        """
        with self._shutdown_lock, standard._global_shutdown_lock:
            if self._broken:
                raise standard.BrokenThreadPool(self._broken)
            if self._shutdown:
                raise RuntimeError("cannot schedule new futures after shutdown")
            if standard._shutdown:
                raise RuntimeError("cannot schedule new futures after interpreter shutdown")
            future: Future[T] = Future()
            describe_job(future, self._provider, fn, user_caller(2))
            self._jobs.put(Job(future, fn, args, kwargs))
            self._submitted += 1
            self._adjust_thread_count()
            return future

    def map(
        self,
        fn: Callable[..., T],
        *iterables: Iterable[object],
        timeout: float | None = None,
        chunksize: int = 1,
        buffersize: int | None = None,
    ) -> Iterator[T]:
        """The results of the calls in the order of their arguments.

        Parameters:
            fn: called with one item of each iterable.
            timeout: seconds from this call on after which the iterator raises.
            chunksize: without effect on threads.
            buffersize: the most calls that are submitted and not yet yielded; by default all are submitted at once.

        Raises:
            TimeoutError: from the iterator, when a result was not there in time.
            DeadlockError: from the iterator, when a result can never come.
            ValueError: ``buffersize`` below 1.
            TypeError: ``buffersize`` that is no integer.
        """
        if buffersize is None:
            return super().map(fn, *iterables, timeout=timeout, chunksize=chunksize)
        return map_calls(self, fn, zip(*iterables), timeout=timeout, buffersize=buffersize)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Accept no more calls, and end the threads when the queue is empty.

        Parameters:
            wait: whether to return only when the threads have ended.
            cancel_futures: whether to cancel what is still queued.

        Raises:
            DeadlockError: a job of this pool can never end.
            RuntimeError: called with ``wait`` by one of the pool's own threads.
        """
        cancelled = self._close(drain=cancel_futures)
        # Not under the lock of the pool, as the standard library does it: a done-callback may submit, and would hang.
        for job in cancelled:
            job.future.cancel()
        if wait:
            _join(tuple(self._threads))

    def _close(self, *, drain: bool) -> list[Runnable]:
        drained: list[Runnable] = []
        with self._shutdown_lock:
            self._shutdown = True
            while drain:
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if job is not None:
                    drained.append(job)
            self._jobs.put(None)
        return drained

    def statistics(self) -> ThreadPoolStatistics:
        """The pool now; the fields are read one after the other, without stopping anybody."""
        workers = self._provider.workers.statistics()
        return ThreadPoolStatistics(
            workers.size, workers.workers, workers.busy, workers.waiting, self._jobs.qsize(), self._submitted
        )

    def worker_is_free(self) -> None:
        """Called by a worker after each job."""
        self._free.append(None)

    def worker_is_broken(self) -> None:
        """Called by a worker whose initializer failed: fails all that is queued, and all later calls."""
        self._initializer_failed()

    def _adjust_thread_count(self) -> None:
        if self._free:
            self._free.pop()  # only this method takes, under the pool's lock
        else:
            self._start_thread()

    def _grow(self) -> None:
        """Start a thread for a queued job whose own thread is stuck elsewhere, such as in its initializer."""
        with self._shutdown_lock, standard._global_shutdown_lock:
            if not (self._broken or standard._shutdown or self._jobs.empty()):
                self._start_thread()

    def _start_thread(self) -> None:
        def executor_is_gone(_: object, jobs: Jobs = self._jobs) -> None:
            jobs.put(None)

        count = len(self._threads)
        if count >= self._max_workers:
            return
        thread = threading.Thread(
            name=f"{self._thread_name_prefix or self}_{count}",
            target=work,
            args=(
                weakref.ref(self, executor_is_gone),
                self._jobs,
                self._provider.workers,
                self._prepare,
            ),
        )
        thread.start()
        cast("set[threading.Thread]", self._threads).add(thread)
        # The standard library's own exit function ends and joins the threads of this table.
        cast("dict[threading.Thread, object]", standard._threads_queues)[thread] = self._jobs


def _join(threads: tuple[threading.Thread, ...]) -> None:
    me = threading.current_thread()
    others = [thread for thread in threads if thread is not me and thread.is_alive()]
    if others:
        with Wait(tuple(Join(node_of(thread)) for thread in others)) as wait:
            for thread in others:
                thread.join(min(wait.slice(), _LONGEST_SLICE))
                while thread.is_alive():
                    wait.look()
                    thread.join(min(wait.slice(), _LONGEST_SLICE))
            wait.end()
    if me in threads:
        me.join()  # raises the standard library's own error
