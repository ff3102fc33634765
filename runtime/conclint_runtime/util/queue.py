"""A queue that many tasks and actors share; it lives in an actor of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from queue import Empty as StandardEmpty
from queue import Full as StandardFull
from typing import Any, Generic, TypeVar

from conclint_runtime.actors import api

V = TypeVar("V")


class Empty(StandardEmpty):
    """The queue has no item, or not as many as were asked for."""


class Full(StandardFull):
    """The queue has no room for the item, or not for as many as were given."""


@dataclass(frozen=True, slots=True)
class QueueStatistics:
    """A moment of a queue.

    Attributes:
        size: how many items it holds.
        maxsize: how many it may hold; 0 or less for no bound.
        puts: how many items have been added since it was made.
        gets: how many have been taken out.
    """

    size: int
    maxsize: int
    puts: int
    gets: int


class Queue(Generic[V]):
    """A first-in first-out queue; the interface of `queue.Queue` plus asynchronous and batch methods.

    Parameters:
        maxsize: how many items it holds; `put` waits (or raises `Full`) when it is full. 0 or less: no bound, which is
            Ray's default.
        actor_options: options of the actor that holds the items.

    Source: the Ray Core documentation, "ray.util.queue.Queue".
    """

    def __init__(self, maxsize: int = 0, actor_options: Mapping[str, object] | None = None) -> None:
        self.maxsize = maxsize
        holder: Any = api.remote(_Items)
        self.actor = (holder.options(**actor_options) if actor_options else holder).remote(maxsize)

    def __len__(self) -> int:
        return self.size()

    def size(self) -> int:
        """How many items it holds."""
        return api.get(self.actor.qsize.remote())  # type: ignore[no-any-return]  # the method says so

    def qsize(self) -> int:
        """How many items it holds."""
        return self.size()

    def empty(self) -> bool:
        """Whether it holds nothing."""
        return api.get(self.actor.empty.remote())  # type: ignore[no-any-return]  # the method says so

    def full(self) -> bool:
        """Whether it has no room."""
        return api.get(self.actor.full.remote())  # type: ignore[no-any-return]  # the method says so

    def statistics(self) -> QueueStatistics:
        """Count what has gone through the queue."""
        return api.get(self.actor.statistics.remote())  # type: ignore[no-any-return]  # the method says so

    def put(self, item: V, block: bool = True, timeout: float | None = None) -> None:
        """Add an item, waiting for room up to `timeout` seconds (None: for ever) unless `block` is False.

        Raises `Full`; ValueError for a negative timeout.
        """
        if not block:
            self.put_nowait(item)
            return
        _check(timeout)
        _must(api.get(self.actor.put.remote(item, timeout)), Full)

    async def put_async(self, item: V, block: bool = True, timeout: float | None = None) -> None:
        """Add an item, as `put` does, without blocking the loop."""
        if not block:
            _must(await self.actor.put_nowait.remote(item), Full)
            return
        _check(timeout)
        _must(await self.actor.put.remote(item, timeout), Full)

    def get(self, block: bool = True, timeout: float | None = None) -> V:
        """Remove and return the oldest item, waiting for one up to `timeout` seconds (None: for ever).

        Raises `Empty`; ValueError for a negative timeout.
        """
        if not block:
            return self.get_nowait()
        _check(timeout)
        return _one(api.get(self.actor.get.remote(timeout)))  # type: ignore[no-any-return]  # what was put

    async def get_async(self, block: bool = True, timeout: float | None = None) -> V:
        """Remove and return the oldest item, as `get` does, without blocking the loop."""
        if not block:
            return _one(await self.actor.get_nowait.remote())  # type: ignore[no-any-return]  # what was put
        _check(timeout)
        return _one(await self.actor.get.remote(timeout))  # type: ignore[no-any-return]  # what was put

    def put_nowait(self, item: V) -> None:
        """Add an item. Raises `Full` when there is no room."""
        _must(api.get(self.actor.put_nowait.remote(item)), Full)

    def put_nowait_batch(self, items: Iterable[V]) -> None:
        """Add all the items or none. Raises `Full` when there is no room for all; TypeError for no iterable."""
        if not isinstance(items, Iterable):
            raise TypeError("Argument 'items' must be an Iterable")
        _must(api.get(self.actor.put_nowait_batch.remote(list(items))), Full)

    def get_nowait(self) -> V:
        """Remove and return the oldest item. Raises `Empty` when there is none."""
        return _one(api.get(self.actor.get_nowait.remote()))  # type: ignore[no-any-return]  # what was put

    def get_nowait_batch(self, num_items: int) -> list[V]:
        """Remove and return that many items. Raises `Empty` when there are fewer, TypeError or ValueError for a number
        that makes no sense."""
        if not isinstance(num_items, int):
            raise TypeError("Argument 'num_items' must be an int")
        if num_items < 0:
            raise ValueError("'num_items' must be nonnegative")
        items: list[V] | None = api.get(self.actor.get_nowait_batch.remote(num_items))
        if items is None:
            raise Empty(f"Cannot get {num_items} items: the queue has fewer")
        return items

    def shutdown(self, force: bool = False, grace_period_s: int = 5) -> None:
        """End the queue's actor: at once with `force`, else after what was submitted to it, in `grace_period_s`."""
        if self.actor is not None and not force:
            last = self.actor.__ray_terminate__.remote()
            _, late = api.wait([last], num_returns=1, timeout=grace_period_s)
            force = bool(late)
        if self.actor is not None and force:
            api.kill(self.actor, no_restart=True)
        self.actor = None


class _Items:
    """The actor. It answers with values: an error of a queue is no error of a call."""

    def __init__(self, maxsize: int) -> None:
        self._maxsize = maxsize
        self._queue: asyncio.Queue[object] = asyncio.Queue(maxsize)
        self._gets = 0

    def statistics(self) -> QueueStatistics:
        size = self._queue.qsize()
        return QueueStatistics(size, self._maxsize, self._gets + size, self._gets)

    def qsize(self) -> int:
        return self._queue.qsize()

    def empty(self) -> bool:
        return self._queue.empty()

    def full(self) -> bool:
        return self._queue.full()

    async def put(self, item: object, timeout: float | None) -> bool:
        try:
            await asyncio.wait_for(self._queue.put(item), timeout)
        except asyncio.TimeoutError:
            return False
        return True

    async def get(self, timeout: float | None) -> tuple[object, ...]:
        try:
            item = await asyncio.wait_for(self._queue.get(), timeout)
        except asyncio.TimeoutError:
            return ()
        self._gets += 1
        return (item,)

    def put_nowait(self, item: object) -> bool:
        return self.put_nowait_batch([item])

    def put_nowait_batch(self, items: list[object]) -> bool:
        if self._maxsize > 0 and self._queue.qsize() + len(items) > self._maxsize:
            return False
        for item in items:
            self._queue.put_nowait(item)
        return True

    def get_nowait(self) -> tuple[object, ...]:
        items = None if self._queue.empty() else self.get_nowait_batch(1)
        return tuple(items or ())

    def get_nowait_batch(self, num_items: int) -> list[object] | None:
        if num_items > self._queue.qsize():
            return None
        self._gets += num_items
        return [self._queue.get_nowait() for _ in range(num_items)]


def _check(timeout: float | None) -> None:
    if timeout is not None and timeout < 0:
        raise ValueError("'timeout' must be a non-negative number")


def _must(done: bool, error: type[Exception]) -> None:
    if not done:
        raise error


def _one(items: tuple[Any, ...]) -> Any:
    if not items:
        raise Empty
    return items[0]
