"""`single_flight`: concurrent callers of one key share one await."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, Generic, ParamSpec, TypeVar, cast, overload

from conclint_runtime.aio.ending import cancel_and_wait
from conclint_runtime.aio.errors import CancelledFromWithinError, WaitsForItselfError

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SingleFlightStatistics:
    """A snapshot: `flights` under way now with `waiting` callers; so far `started` flights, `joined` callers that
    came to one under way, and flights `abandoned` because their last caller was cancelled."""

    flights: int
    waiting: int
    started: int
    joined: int
    abandoned: int


class _Flight(Generic[T]):
    """One call under way, and how many wait for it."""

    __slots__ = ("callers", "error", "task", "trace", "waits_for")

    def __init__(self) -> None:
        self.task: asyncio.Task[T] | None = None
        self.waits_for: _Flight[Any] | None = None
        self.callers = 0
        self.error: BaseException | None = None
        self.trace: TracebackType | None = None

    async def fly(self, function: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the task does; an eager one does it before it is returned to whoever makes it."""
        self.known_as(cast("asyncio.Task[T]", asyncio.current_task()))
        return await function(*args, **kwargs)

    def known_as(self, task: asyncio.Task[T]) -> None:
        self.task = task
        _flight_of[task] = self

    def under_way_on(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Whether it can be joined; a loop that was closed may have left it behind, and its id may be another's now."""
        return self.task is not None and not self.task.done() and self.task.get_loop() is loop

    def result(self, task: asyncio.Task[T], key: Hashable) -> T:
        """The result for one more caller, or the one error, each time with the traceback that it came with."""
        if task.cancelled():
            raise CancelledFromWithinError(
                f"the shared call for {key!r} was cancelled, but not by those who wait for it"
            )
        if self.error is None:
            self.error = task.exception()
            self.trace = self.error.__traceback__ if self.error is not None else None
        if self.error is not None:
            raise self.error.with_traceback(self.trace)
        return task.result()


class SingleFlight:
    """Calls under way, by key: who asks for a key that is under way waits for that call instead of making another.

    It is not a cache: when a call has ended, the next caller makes a new one. It is what a check, an await and a
    store need to be safe: `if key not in cache: cache[key] = await flights.run(key, load, key)`.

    The call runs as a task of its own, in the context variables of its first caller. A caller that is cancelled
    leaves the others their call; when the last one is cancelled, so is the call, and that caller's cancellation is
    raised after the call has ended. An error is raised in every caller, as one and the same object whose traceback
    does not grow.

    It holds one entry for each key under way, so it is bounded by the callers. Calls are shared within one event loop.
    """

    def __init__(self) -> None:
        self._flights: dict[tuple[int, Hashable], _Flight[Any]] = {}  # the result types differ by key
        self._started = self._joined = self._abandoned = 0

    def statistics(self) -> SingleFlightStatistics:
        """How many calls are under way, and how many were saved."""
        flights = tuple(self._flights.values())
        return SingleFlightStatistics(
            flights=len(flights),
            waiting=sum(flight.callers for flight in flights),
            started=self._started,
            joined=self._joined,
            abandoned=self._abandoned,
        )

    async def run(self, key: Hashable, function: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of `function(*args, **kwargs)`, or of the call for `key` that is under way.

        The wait ends when the call does. Raises its error; `WaitsForItselfError` when the call, directly or by other
        shared calls, asks for its own key; `CancelledFromWithinError` when the call was cancelled by
        somebody else than its callers; `TypeError` for a key that cannot be hashed.
        """
        loop = asyncio.get_running_loop()
        entry = (id(loop), key)
        flight = cast("_Flight[T] | None", self._flights.get(entry))
        if flight is None or not flight.under_way_on(loop):
            flight = self._flights[entry] = _Flight()
            task = loop.create_task(flight.fly(function, *args, **kwargs))
            flight.known_as(task)
            self._started += 1
            task.add_done_callback(partial(self._ended, entry, flight))
        else:
            self._joined += 1
        caller = _flight_of.get(current) if (current := asyncio.current_task()) is not None else None
        if caller is None:
            return await self._wait(entry, flight)
        caller.waits_for = flight
        try:
            _refuse_circle(caller, key)
            return await self._wait(entry, flight)
        finally:
            caller.waits_for = None

    async def _wait(self, entry: tuple[int, Hashable], flight: _Flight[T]) -> T:
        task = cast("asyncio.Task[T]", flight.task)
        flight.callers += 1
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            if flight.callers == 1 and not task.done():
                self._abandoned += 1
                self._forget(entry, flight)  # who comes now makes a new call instead of sharing the cancellation
                await cancel_and_wait([task])
                if not task.cancelled() and (error := task.exception()) is not None:
                    task.get_loop().call_exception_handler(
                        {"message": f"the abandoned call for {entry[1]!r} failed", "exception": error}
                    )
            raise
        finally:
            flight.callers -= 1
        return flight.result(task, entry[1])

    def _ended(self, entry: tuple[int, Hashable], flight: _Flight[T], task: asyncio.Task[T]) -> None:
        self._forget(entry, flight)
        del _flight_of[task]

    def _forget(self, entry: tuple[int, Hashable], flight: _Flight[T]) -> None:
        if self._flights.get(entry) is flight:
            del self._flights[entry]


# Which call a task under way is, in whichever `SingleFlight`, so that a circle through several of them is seen.
_flight_of: dict[asyncio.Task[Any], _Flight[Any]] = {}


def _refuse_circle(caller: _Flight[Any], key: Hashable) -> None:
    """Raise when the calls that `caller` waits for wait for `caller`; follows calls, not tasks that calls start."""
    following = caller.waits_for
    while following is not None:
        if following is caller:
            raise WaitsForItselfError(
                f"the shared call for {key!r} waits for itself: the function asks, in the end, for the key that it is "
                "being called for; call the function without sharing there"
            )
        following = following.waits_for


Shared = Callable[P, Coroutine[Any, Any, T]]


@overload
def single_flight(function: Shared[P, T], /) -> Shared[P, T]: ...


@overload
def single_flight(
    *, key: Callable[P, Hashable] | None = None, flights: SingleFlight | None = None
) -> Callable[[Shared[P, T]], Shared[P, T]]: ...


def single_flight(
    function: Shared[P, T] | None = None,
    /,
    *,
    key: Callable[P, Hashable] | None = None,
    flights: SingleFlight | None = None,
) -> Shared[P, T] | Callable[[Shared[P, T]], Shared[P, T]]:
    """Make concurrent calls of a coroutine function with equal arguments share one call.

    `key(*args, **kwargs)` says which calls are equal; without it all arguments do, which must be hashable (of a
    method `self` is one of them). `flights` is the `SingleFlight` to use, for its `statistics()`; see there for
    errors and cancellation.
    """
    shared = SingleFlight() if flights is None else flights

    def decorate(function: Shared[P, T]) -> Shared[P, T]:
        @functools.wraps(function)
        async def share(*args: P.args, **kwargs: P.kwargs) -> T:
            which = (args, tuple(sorted(kwargs.items()))) if key is None else key(*args, **kwargs)
            return await shared.run((function, which), function, *args, **kwargs)

        return share

    return decorate if function is None else decorate(function)
