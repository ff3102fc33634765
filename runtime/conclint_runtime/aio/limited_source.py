"""The input of a limited map: what the next item becomes, and how what is left of it is closed."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Generator, Iterable, Sized
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Feed(Protocol[R]):
    """A `Source`, to those who need not know of what it makes its futures."""

    async def next(self) -> asyncio.Future[R] | None:
        """The next item's work, started, or None at the end."""

    async def close(self) -> None:
        """Close what was not read."""


class Source(Generic[T, R]):
    """The items of a sync or async iterable, each given to `function` when it is asked for.

    With `close_unstarted` the items are coroutines themselves, and those that were never asked for are closed at the
    end, where the input is a list or another collection: an iterator might not end. A generator is closed itself.
    """

    def __init__(
        self,
        function: Callable[[T], Awaitable[R]],
        items: Iterable[T] | AsyncIterable[T],
        *,
        close_unstarted: bool = False,
    ) -> None:
        self._function = function
        self._items = items
        self._async = aiter(items) if isinstance(items, AsyncIterable) else None
        self._sync = None if isinstance(items, AsyncIterable) else iter(items)
        self._close_unstarted = close_unstarted and isinstance(items, Sized)

    async def next(self) -> asyncio.Future[R] | None:
        """The next item's work, started, or None at the end; `TypeError` when it cannot be awaited."""
        try:
            item = next(self._sync) if self._sync is not None else await self._next_of_async()
        except (StopIteration, StopAsyncIteration):
            return None
        work = self._function(item)
        if not inspect.isawaitable(work):
            raise TypeError(
                f"{work!r} cannot be awaited: pass coroutines, or a coroutine function; a plain function goes as "
                "`lambda item: run_blocking(function, item)`"
            )
        return asyncio.ensure_future(work)

    async def _next_of_async(self) -> T:
        if self._async is None:
            raise StopAsyncIteration
        return await anext(self._async)

    async def close(self) -> None:
        """Close what was not read."""
        if isinstance(self._items, AsyncGenerator):
            await self._items.aclose()
        elif isinstance(self._items, Generator):
            self._items.close()
        elif self._close_unstarted and self._sync is not None:
            for left in self._sync:
                if inspect.iscoroutine(left):
                    left.close()
