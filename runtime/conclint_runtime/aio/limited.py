"""`map_limited` and `gather_limited`: many awaits, some at a time."""

from __future__ import annotations

import asyncio
import warnings
from collections import deque
from collections.abc import AsyncIterable, Awaitable, Callable, Generator, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, TypeVar, cast

from conclint_runtime.aio.ending import wait_until_ended
from conclint_runtime.aio.errors import AioError, CancelledFromWithinError, ClosedError
from conclint_runtime.aio.limited_source import Feed, Source
from conclint_runtime.aio.slots import Slots

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class LimitedStatistics:
    """A snapshot: `taken` items from the input, of which `running` now (at most `peak`, of `limit`), `unread` results
    that wait for the reader, and `delivered` ones."""

    taken: int
    running: int
    peak: int
    limit: int
    unread: int
    delivered: int


class LimitedMap(Generic[R]):
    """The results of one awaitable for each item, at most `limit` of them under way; made by the two functions below.

    Await it for the list of all results. Or read them one by one, which needs memory for `2 * limit` of them only:

        async with map_limited(fetch, urls, limit=10) as pages:
            async for page in pages: ...

    The input is read lazily: an item is taken when there is room for it, and room for a result is there when fewer
    than `limit` finished ones wait for the reader. The first error (of the function, of the input) cancels everything
    under way, waits until it has ended, and is raised; errors that come after it go to the loop's exception handler.
    Leaving the block early does the same. An input that is a generator is closed then.
    """

    def __init__(self, source: Feed[R], limit: int, ordered: bool) -> None:
        self._slots = Slots(limit, "the limit of a map or gather")
        self._feeder: asyncio.Task[None] | None = None
        self._window = Slots(2 * limit, "the limit of a map or gather")
        self._source = source
        self._ordered = ordered
        self._running: set[asyncio.Future[R]] = set()
        self._line: deque[asyncio.Future[R]] = deque()
        self._failure: BaseException | None = None
        self._failure_seen = False
        self._news: asyncio.Future[None] | None = None
        self._taken = self._peak = self._delivered = 0
        self._exhausted = False
        self._ending = False
        self._stopping = False

    def statistics(self) -> LimitedStatistics:
        """How far it is."""
        return LimitedStatistics(
            taken=self._taken,
            running=len(self._running),
            peak=self._peak,
            limit=self._slots.total,
            unread=sum(future not in self._running for future in self._line),
            delivered=self._delivered,
        )

    def __await__(self) -> Generator[object, None, list[R]]:
        """All results as a list."""
        return self._collect().__await__()

    def __del__(self) -> None:
        if getattr(self, "_feeder", self) is None:  # absent where the constructor raised
            warnings.warn(
                "a limited map or gather was never awaited nor entered", RuntimeWarning, stacklevel=2, source=self
            )

    async def _collect(self) -> list[R]:
        async with self:
            return [result async for result in self]

    async def __aenter__(self) -> LimitedMap[R]:
        """Start; `ClosedError` at a second use."""
        if self._feeder is not None:
            raise ClosedError("a limited map runs once: make a new one")
        self._feeder = asyncio.get_running_loop().create_task(self._feed(), name="limited-map-feeder")
        self._feeder.add_done_callback(self._fed)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End what is under way, and raise an error that the reader has not seen."""
        await self._stop()
        unseen = None if self._failure_seen else self._failure
        if unseen is not None and error is None:
            raise unseen
        if unseen is not None:
            _report(unseen)

    def __aiter__(self) -> LimitedMap[R]:
        """The results, in the order of the input or of their completion."""
        return self

    async def __anext__(self) -> R:
        """The next result; the wait ends when one is there or something fails."""
        if self._feeder is None or self._stopping:
            raise ClosedError("read a limited map inside `async with ... as results:`, or await it for a list")
        if self._news is not None:
            raise AioError("a limited map has one reader at a time")
        while self._failure is None:
            # Not `done()`: what is done and still counted as running has not been looked at for an error.
            if self._line and self._line[0] not in self._running:
                self._window.release()
                self._delivered += 1
                return self._line.popleft().result()
            if self._exhausted and not self._line and not self._running:
                raise StopAsyncIteration
            self._news = asyncio.get_running_loop().create_future()
            try:
                await self._news
            finally:
                self._news = None
        await self._stop()
        self._failure_seen = True
        raise self._failure

    async def _feed(self) -> None:
        while True:
            await self._window.acquire()
            await self._slots.acquire()
            future = await self._source.next()
            if future is None:
                return
            self._taken += 1
            self._running.add(future)
            if self._ending:
                future.cancel()
            self._peak = max(self._peak, len(self._running))
            if self._ordered:
                self._line.append(future)
            future.add_done_callback(self._ended)

    def _fed(self, feeder: asyncio.Task[None]) -> None:
        if feeder.cancelled():
            if not self._ending:
                self._fail(CancelledFromWithinError("the reading of the input was cancelled, but not by the reader"))
        elif (error := feeder.exception()) is not None:
            self._fail(error)
        self._exhausted = True
        self._tell()

    def _ended(self, future: asyncio.Future[R]) -> None:
        self._running.discard(future)
        self._slots.release()
        if future.cancelled():
            if not self._stopping and self._failure is None:
                self._fail(CancelledFromWithinError(f"{future!r} was cancelled, but not by the one who awaits it"))
        elif (error := future.exception()) is not None:
            self._fail(error)
        elif not self._ordered:
            self._line.append(future)
        self._tell()

    def _fail(self, error: BaseException) -> None:
        if self._failure is not None:
            _report(error)
            return
        self._failure = error
        self._cancel()

    def _cancel(self) -> None:
        if self._ending:  # to cancel a task again would break off its cleanup
            return
        self._ending = True
        for future in self._left():
            future.cancel()

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    async def _stop(self) -> None:
        self._stopping = True
        self._cancel()
        try:
            await wait_until_ended(self._left, lambda: None)
        finally:
            await self._source.close()

    def _left(self) -> tuple[asyncio.Future[object], ...]:
        feeder = () if self._feeder is None or self._feeder.done() else (self._feeder,)
        return cast("tuple[asyncio.Future[object], ...]", (*self._running, *feeder))


def _report(error: BaseException) -> None:
    asyncio.get_running_loop().call_exception_handler(
        {"message": "a limited map had this error beside the one that it raised", "exception": error}
    )


def map_limited(
    function: Callable[[T], Awaitable[R]],
    items: Iterable[T] | AsyncIterable[T],
    *,
    limit: int,
    ordered: bool = True,
) -> LimitedMap[R]:
    """`function(item)` for each item, at most `limit` of them under way at one time.

    `items` is a sync or async iterable, of any length, and is read lazily. The results come in its order, or with
    `ordered=False` as they are completed. See `LimitedMap` for how to read them and what an error does.
    """
    return LimitedMap(Source(function, items), limit, ordered)


def gather_limited(
    awaitables: Iterable[Awaitable[R]] | AsyncIterable[Awaitable[R]], *, limit: int, ordered: bool = True
) -> LimitedMap[R]:
    """The results of `awaitables`, at most `limit` of them under way at one time.

    As `asyncio.gather(*awaitables)`, with a bound, for inputs of any length: a generator makes each coroutine when
    there is room for it. Coroutines of a list that an error kept from starting are closed.
    """
    return LimitedMap(Source(_itself, awaitables, close_unstarted=True), limit, ordered)


def _itself(awaitable: Awaitable[R]) -> Awaitable[R]:
    return awaitable
