"""The process pool."""

from __future__ import annotations

import concurrent.futures.process as standard
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from ..waitgraph.errors import DeadlockError
from ..waitgraph.nodes import NEVER, Mode, Need
from ..waitgraph.places import user_caller
from ..waitgraph.threads import Join, ThreadNode, node_of
from ..waitgraph.waits import Wait
from .future import Future, adopt
from .mapping import map_calls

if TYPE_CHECKING:
    from multiprocessing.context import BaseContext

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ProcessPoolStatistics:
    """A moment of a process pool.

    Attributes:
        max_workers: how many processes there may be.
        workers: how many there are.
        unfinished: jobs that are queued or run.
        submitted: jobs accepted so far.
    """

    max_workers: int
    workers: int
    unfinished: int
    submitted: int


class _Provider:
    """The pool as what its futures know of it: the thread that takes the results from the processes.

    What a worker process waits for is not known here, so a job never counts as dead because of it.
    """

    __slots__ = ("manager", "name", "pid", "size")

    def __init__(self, name: str, size: int) -> None:
        self.name = name
        self.size = size
        self.pid = os.getpid()
        # Not the thread itself: it keeps the queues of the pool, whose semaphores have to go with the pool.
        self.manager: ThreadNode | None = None

    def need(self) -> Need | None:
        if os.getpid() != self.pid:
            return NEVER
        manager = self.manager
        return None if manager is None else Need(Mode.ALL, (manager,))

    def describe(self) -> str:
        where = "" if os.getpid() == self.pid else f" of process {self.pid}, which is not this one"
        return f"{self.name}{where}"

    def assist(self) -> None:
        """The processes are started by the standard library, as many as it takes."""


class ProcessPoolExecutor(standard.ProcessPoolExecutor):
    """`concurrent.futures.ProcessPoolExecutor` that raises `DeadlockError` where the standard one hangs.

    These are a use of the pool in one of its own workers (which inherits, by fork, a pool without threads), and a
    done-callback that waits in the one thread that brings the results. A cycle through several processes is not seen.
    The queue of jobs is not bounded, as the standard one's; ``map(buffersize=)`` bounds what one call puts into it.

    Parameters:
        max_workers: the number of processes; by default that of the processors.
        mp_context: of `multiprocessing.get_context`; says how processes are started.
        initializer: called in each process before its first job; if it raises, the pool is broken.
        initargs: its arguments.
        max_tasks_per_child: jobs after which a process is replaced; not together with the start method "fork".

    Raises:
        ValueError: ``max_tasks_per_child`` on Python 3.10, whose worker processes cannot count.

    Source: https://docs.python.org/3/library/concurrent.futures.html#processpoolexecutor
    """

    def __init__(
        self,
        max_workers: int | None = None,
        mp_context: BaseContext | None = None,
        initializer: Callable[..., object] | None = None,
        initargs: tuple[object, ...] = (),
        *,
        max_tasks_per_child: int | None = None,
    ) -> None:
        if max_tasks_per_child is None:
            super().__init__(max_workers, mp_context, initializer, initargs)  # type: ignore[arg-type]  # any arguments
        elif sys.version_info >= (3, 11):
            super().__init__(
                max_workers,
                mp_context,
                initializer,
                initargs,  # type: ignore[arg-type]  # any arguments
                max_tasks_per_child=max_tasks_per_child,
            )
        else:
            raise ValueError("max_tasks_per_child needs Python 3.11: replace the whole pool instead")
        size: int = self._max_workers  # type: ignore[attr-defined]  # the typeshed does not know of it
        self._provider = _Provider(f"process pool {id(self):#x}", size)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Send the call of ``fn`` to a process and return its future at once.

        Raises:
            DeadlockError: called in another process than the one that made the pool.
            RuntimeError: the pool, or the interpreter, was shut down.
            BrokenProcessPool: a process ended abruptly.
        """
        provider = self._provider
        if os.getpid() != provider.pid:
            raise DeadlockError(
                f"deadlock: {provider.describe()}; nothing submitted here would ever run. "
                "Call the function directly, or make another pool in the worker"
            )
        future = super().submit(fn, *args, **kwargs)
        manager = self._manager()
        if manager is not None:
            provider.manager = node_of(manager)
        return adopt(future, provider, fn, user_caller(2))

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
            chunksize: calls that are sent to a process at once.
            buffersize: the most chunks that are submitted and not yet yielded; by default all are at once.

        Raises:
            TimeoutError: from the iterator, when a result was not there in time.
            DeadlockError: from the iterator, when a result can never come.
            ValueError: ``chunksize`` or ``buffersize`` below 1.
            TypeError: ``buffersize`` that is no integer.
        """
        if buffersize is None:
            return super().map(fn, *iterables, timeout=timeout, chunksize=chunksize)
        if chunksize < 1:
            raise ValueError("chunksize must be >= 1.")
        chunks = _chunks(zip(*iterables), chunksize)
        run = partial(_call_each, fn)
        return chain.from_iterable(map_calls(self, run, chunks, timeout=timeout, buffersize=buffersize))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Accept no more calls, and end the processes when all is done.

        Parameters:
            wait: whether to return only when the processes have ended.
            cancel_futures: whether to cancel what has not been sent to a process.

        Raises:
            DeadlockError: the thread that brings the results can never go on.
        """
        manager = self._manager()
        judged = wait and manager is not None and manager is not threading.current_thread()
        with Wait((Join(node_of(manager)),)) if judged and manager is not None else nullcontext() as registered:
            super().shutdown(wait, cancel_futures=cancel_futures)
            if registered is not None:
                registered.end()

    def statistics(self) -> ProcessPoolStatistics:
        """The pool now; the fields are read one after the other, without stopping anybody."""
        processes = self._processes or {}
        return ProcessPoolStatistics(
            self._provider.size, len(processes), len(self._pending_work_items), self._queue_count
        )

    def _manager(self) -> threading.Thread | None:
        manager: object = self._executor_manager_thread
        return manager if isinstance(manager, threading.Thread) else None


def _chunks(calls: Iterator[tuple[object, ...]], size: int) -> Iterator[tuple[tuple[tuple[object, ...], ...]]]:
    while chunk := tuple(islice(calls, size)):
        yield (chunk,)


def _call_each(fn: Callable[..., T], chunk: tuple[tuple[object, ...], ...]) -> list[T]:
    return [fn(*args) for args in chunk]
