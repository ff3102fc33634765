"""`Executor.map` with a bounded number of calls under way (Python 3.14 has it in the standard library)."""

from __future__ import annotations

import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def map_calls(
    executor: Executor,
    fn: Callable[..., T],
    calls: Iterator[tuple[object, ...]],
    *,
    timeout: float | None,
    buffersize: int,
) -> Iterator[T]:
    """Results in the order of ``calls``; a call is submitted for each result that is taken.

    Parameters:
        executor: runs the calls; not kept by the iterator, so that dropping the executor ends its threads.
        fn: called with each tuple of arguments.
        calls: the arguments, read lazily.
        timeout: seconds from now on after which the iterator raises.
        buffersize: the most calls that are submitted and not yet yielded.

    Raises:
        TypeError: ``buffersize`` that is no integer.
        ValueError: ``buffersize`` below 1.
    """
    if not isinstance(buffersize, int):
        raise TypeError("buffersize must be an integer or None")
    if buffersize < 1:
        raise ValueError("buffersize must be None or > 0")
    deadline = None if timeout is None else time.monotonic() + timeout
    futures = deque(executor.submit(fn, *args) for args in islice(calls, buffersize))
    return _results(weakref.ref(executor), fn, calls, futures, deadline)


def _results(
    executor: weakref.ref[Executor],
    fn: Callable[..., T],
    calls: Iterator[tuple[object, ...]],
    futures: deque[Future[T]],
    deadline: float | None,
) -> Iterator[T]:
    try:
        while futures:
            _submit_next(executor, fn, calls, futures)
            # The future is not bound to a name here: its result may be freed while the iterator is suspended.
            yield _take(futures.popleft(), deadline)
    finally:
        for future in futures:
            future.cancel()


def _submit_next(
    executor: weakref.ref[Executor],
    fn: Callable[..., T],
    calls: Iterator[tuple[object, ...]],
    futures: deque[Future[T]],
) -> None:
    owner = executor()
    if owner is not None:
        for args in islice(calls, 1):
            futures.append(owner.submit(fn, *args))


def _take(future: Future[T], deadline: float | None) -> T:
    try:
        try:
            return future.result(None if deadline is None else deadline - time.monotonic())
        finally:
            future.cancel()
    finally:
        del future  # the traceback of its exception holds this frame
