"""`Bridge`: threads call into an event loop and get the answer back."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import inspect
import threading
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import ParamSpec, TypeVar, cast

from conclint_runtime.aio.blocking_worker import current_job
from conclint_runtime.aio.ending import cancel_and_wait
from conclint_runtime.aio.errors import BridgeFullError, CancelledFromWithinError, ClosedError, WaitsForItselfError

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BridgeStatistics:
    """A snapshot: calls `under_way` now (at most `limit`); so far `completed` calls whether they returned or raised,
    and `refused` ones, which would have waited for themselves or found the bridge full or closed."""

    under_way: int
    limit: int
    completed: int
    refused: int


class Bridge:
    """Lets threads run functions and coroutines on the loop that opened it.

        async with Bridge() as bridge:
            await run_blocking(worker, bridge)

        def worker(bridge):
            page = bridge.run(fetch, url)           # a coroutine function, awaited on the loop
            bridge.call(queue.put_nowait, page)     # a plain function, called on the loop

    The way back, from the loop to a thread, is `run_blocking`. Calls run with the context variables of the calling
    thread. The end of the block cancels the calls under way, waits for their end, and refuses later ones with
    `ClosedError`; so the wait of a thread ends when its call does, at its timeout, or with the bridge. At most
    `limit` calls are under way at one time: the next one is refused with `BridgeFullError`.

    Refused with `WaitsForItselfError`: a waiting call made on the loop's own thread, which would wait for what only
    itself can run, and one made on the thread of another loop, which would stand still for as long.
    """

    def __init__(self, *, limit: int = 1000, name: str = "bridge") -> None:
        if limit < 1:
            raise ValueError(f"limit must be at least 1, not {limit}: every call would be refused")
        self._limit = limit
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False
        self._lock = threading.Lock()
        self._calls: set[concurrent.futures.Future[object]] = set()
        self._tasks: dict[concurrent.futures.Future[object], asyncio.Task[None]] = {}
        self._completed = self._refused = 0

    def __repr__(self) -> str:
        return f"<Bridge {self._name!r}: {len(self._calls)} of {self._limit} calls{', closed' * self._closed}>"

    def statistics(self) -> BridgeStatistics:
        """How much goes over it."""
        with self._lock:
            return BridgeStatistics(len(self._calls), self._limit, self._completed, self._refused)

    def run(self, function: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of the coroutine function `function(*args, **kwargs)`, awaited on the loop.

        Waits in this thread, without a bound; `submit(...).result(timeout)` waits with one. Raises what the call
        raises, `ClosedError` when the bridge ends first, and the refusals that the class names.
        """
        self._refuse_own_loop(function)
        return self._wait(self.submit(function, *args, **kwargs), function)

    def call(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of the plain function `function(*args, **kwargs)`, called on the loop; otherwise as `run`."""
        self._refuse_own_loop(function)

        async def plain() -> T:
            result = function(*args, **kwargs)
            if inspect.iscoroutine(result):
                result.close()
                raise TypeError(f"{function!r} is a coroutine function: use `run`, which awaits it")
            return result

        return self._wait(self._submit(plain), function)

    def submit(
        self, function: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> concurrent.futures.Future[T]:
        """Begin a call as `run` does and return its future at once; may be called on any thread, also the loop's.

        Cancelling the future cancels the call. On a loop, await it by `asyncio.wrap_future(...)`.
        """
        return self._submit(partial(function, *args, **kwargs))

    def _submit(self, call: Callable[[], Awaitable[T]]) -> concurrent.futures.Future[T]:
        future: concurrent.futures.Future[T] = concurrent.futures.Future()
        erased = cast("concurrent.futures.Future[object]", future)
        with self._lock:
            loop = self._loop
            if loop is None or self._closed:
                self._refused += 1
                raise ClosedError(f"{self!r} is not open: use it inside its `async with` block")
            if len(self._calls) >= self._limit:
                self._refused += 1
                raise BridgeFullError(f"{self!r} is full: wait for some of the calls, or raise its `limit`")
            self._calls.add(erased)
        erased.add_done_callback(self._done)
        try:
            loop.call_soon_threadsafe(self._begin, erased, call, context=contextvars.copy_context())
        except RuntimeError:  # the loop was closed in this moment
            future.cancel()
            raise ClosedError(f"{self!r} is not open: its loop has ended") from None
        return future

    def _wait(self, future: concurrent.futures.Future[T], function: Callable[..., object]) -> T:
        """The result, for a thread of its own; ended by the end of the call or of the bridge."""
        job = current_job()
        try:
            with nullcontext() if job is None else job.place_lent():
                return future.result()
        except concurrent.futures.CancelledError:
            if not self._closed:
                raise
            raise ClosedError(f"{self!r} ended before {function!r} had") from None
        except BaseException:  # also an interrupt of this thread: nobody waits for the call any more
            future.cancel()
            raise

    async def __aenter__(self) -> Bridge:
        """Open the bridge to the running loop; `ClosedError` at a second use."""
        if self._loop is not None:
            raise ClosedError(f"{self!r} was opened before: make a new one")
        self._loop = asyncio.get_running_loop()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cancel what is under way, wait for its end, and let the waiting threads go."""
        with self._lock:
            self._closed = True
            begun = dict(self._tasks)
            waiting = [future for future in self._calls if future not in begun]
        for future in waiting:
            future.cancel()
        await cancel_and_wait(begun.values())

    def _refuse_own_loop(self, function: Callable[..., object]) -> None:
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            return
        with self._lock:
            self._refused += 1
        if running is self._loop:
            raise WaitsForItselfError(
                f"{function!r} would wait for itself: this thread runs the loop of {self!r}, and while it waits here "
                "that loop cannot run the call; on the loop, call it, or `await` it"
            )
        raise WaitsForItselfError(
            f"{function!r} is called over {self!r} on the thread of another event loop, which would stand still until "
            "the answer came: `await asyncio.wrap_future(bridge.submit(...))`"
        )

    def _begin(self, future: concurrent.futures.Future[object], call: Callable[[], Awaitable[object]]) -> None:
        if future.cancelled():
            return
        task = asyncio.get_running_loop().create_task(self._call(future, call))
        with self._lock:
            self._tasks[future] = task
        task.add_done_callback(lambda _: self._tasks.pop(future, None))
        if future.cancelled():  # by its thread, in between
            task.cancel()

    async def _call(self, future: concurrent.futures.Future[object], call: Callable[[], Awaitable[object]]) -> None:
        error: BaseException | None = None
        result: object = None
        try:
            result = await call()
        except asyncio.CancelledError as cancelled:
            if future.cancelled() or self._closed:
                future.cancel()
                raise
            error = CancelledFromWithinError(
                "the call was cancelled on the loop, but not by the thread that waits for it"
            )
            error.__cause__ = cancelled
        except BaseException as failure:
            error = failure
        if not future.set_running_or_notify_cancel():
            if error is not None:
                asyncio.get_running_loop().call_exception_handler(
                    {"message": "a call over a bridge failed after its thread had given it up", "exception": error}
                )
        elif error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)

    def _done(self, future: concurrent.futures.Future[object]) -> None:
        """In whichever thread the call ended or was cancelled."""
        with self._lock:
            self._calls.discard(future)
            self._completed += not future.cancelled()
            task, loop = self._tasks.get(future), self._loop
        if future.cancelled() and task is not None and loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(task.cancel)
