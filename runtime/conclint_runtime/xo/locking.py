"""What lets a message into an actor: one at a time, or all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, TypeVar

C = TypeVar("C", bound=Callable[..., object])

_NO_LOCK = "__conclint_runtime_no_lock__"


class MessageLock(Protocol):
    """What a message holds while it is handled."""

    async def __aenter__(self) -> None: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None: ...

    def waiting(self) -> int:
        """Return how many messages wait to be let in."""
        ...


class OneAtATime:
    """A stateful actor's lock: first come, first served; held for the whole message, so also while it awaits.

    The queue before it is not bounded, as xoscar's is not: what bounds it is that callers await their calls.
    """

    __slots__ = ("_lock", "_waiting")

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._waiting = 0

    async def __aenter__(self) -> None:
        self._waiting += 1
        try:
            await self._lock.acquire()
        finally:
            self._waiting -= 1

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        self._lock.release()

    def waiting(self) -> int:
        """Return how many messages wait for the one that is being handled."""
        return self._waiting


class AllAtOnce:
    """A stateless actor's lock: there is none, messages interleave wherever they await."""

    __slots__ = ()

    async def __aenter__(self) -> None:
        return

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        return

    def waiting(self) -> int:
        """Return 0: nothing ever waits here."""
        return 0


def no_lock(method: C) -> C:
    """Let messages to this method of a stateful actor in without the actor's lock (`xoscar.no_lock`)."""
    setattr(method, _NO_LOCK, True)
    return method


def is_unlocked(method: object) -> bool:
    """Return whether `no_lock` was put on the method, or on the extensible method whose batch it is."""
    owner = getattr(method, "__self__", None)
    return getattr(method, _NO_LOCK, False) is True or getattr(owner, _NO_LOCK, False) is True
