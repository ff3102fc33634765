"""Calls on their way to xoscar: what the program waits for meanwhile, and how the outcome gets there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import TYPE_CHECKING, Any

from conclint_runtime.actors.blueprint import Shape
from conclint_runtime.actors.calls import Call
from conclint_runtime.actors.ref import ObjectRef, is_ready, settle_error, settle_value
from conclint_runtime.actors.stream import ObjectRefGenerator, Stream
from conclint_runtime.backends.differences import refusal
from conclint_runtime.backends.installed import library
from conclint_runtime.backends.xoscar_messages import Outcome, Raised, Returned, raised
from conclint_runtime.exceptions import ActorDiedError, RayError, RaySystemError, TaskCancelledError

if TYPE_CHECKING:
    from conclint_runtime.actors.engine_protocol import Submitted

Theirs = Any  # a reference of xoscar's, whose classes are not known where it is not installed


class Flight:
    """One call, from its submission to its outcome: the references that it settles, or the stream that it feeds."""

    def __init__(self, name: str, returns: int | str | None, shape: Shape) -> None:
        self.name = name
        self.stream: Stream | None = None
        self.refs: list[ObjectRef[object]] = []
        self.task: asyncio.Task[None] | None = None
        self._result: Submitted
        if returns == "streaming" or (returns is None and shape in ("generator", "async generator")):
            # The stream tells whoever observes waits which call it waits for: by name, for no such call runs here.
            self.stream = Stream(Call(name, name, (), {}), None)
            self._result = ObjectRefGenerator(self.stream)
        elif isinstance(returns, str):
            raise refusal("num_returns='dynamic'", f"num_returns={returns!r} of {name}")
        elif returns is None or returns == 1:
            self.refs = [ObjectRef()]
            self._result = self.refs[0]
        else:
            self.refs = [ObjectRef() for _ in range(returns)]
            self._result = list(self.refs) or None

    def hand_over(self) -> Submitted:
        """Return what the caller gets, once: a stream that its reader drops must not be held here."""
        result, self._result = self._result, None
        return result

    @property
    def ended(self) -> bool:
        """Whether nothing is left to be told; never of a call that nobody waits for."""
        return self.stream.finished() if self.stream is not None else bool(self.refs) and all(map(is_ready, self.refs))

    def told(self) -> list[ObjectRef[object]]:
        """The references by which the call is known."""
        return self.refs if self.stream is None else [self.stream.completed]

    def fail(self, error: BaseException) -> None:
        """End with an error."""
        if self.stream is not None:
            self.stream.fail(error)
        for ref in self.refs:
            settle_error(ref, error)

    def succeed(self, value: object) -> None:
        """End with what the call returned.

        Raises:
            ValueError: it is not as many values as were asked for.
        """
        if len(self.refs) == 1:
            settle_value(self.refs[0], value)
            return
        if not self.refs:
            return
        try:
            items = list(value)  # type: ignore[call-overload]  # checked by trying
        except TypeError:
            raise ValueError(
                f"Functions with num_returns > 1 must return an iterable, got {type(value).__name__}, "
                f"num_returns={len(self.refs)}."
            ) from None
        if len(items) != len(self.refs):
            raise ValueError(f"Task returned {len(items)} objects, but num_returns={len(self.refs)}.")
        for ref, item in zip(self.refs, items):
            settle_value(ref, item)

    def cancel(self) -> None:
        """End as cancelled, and cancel what runs; on the engine's loop."""
        if not self.ended:
            self.fail(TaskCancelledError(self.refs[0].task_id() if self.refs else None))
        if self.task is not None:
            self.task.cancel()


def land(flight: Flight, outcome: Outcome) -> None:
    """Give a call its outcome."""
    if isinstance(outcome, Returned):
        flight.succeed(outcome.value)
    elif isinstance(outcome, Raised):
        flight.fail(outcome.error())
    else:
        flight.fail(ActorDiedError(f"The actor died because {flight.name} called `exit_actor`."))


async def feed(flight: Flight, opening: Awaitable[AsyncIterator[Outcome]]) -> None:
    """Give a stream its items as they come; the first error is the last item."""
    stream = flight.stream
    assert stream is not None
    async for item in await opening:
        if stream.finished() or stream.abandoned:
            return
        if not isinstance(item, Returned):
            land(flight, item)
            return
        stream.put(item.value)
    stream.end()


def misfortune(name: str, error: Exception) -> BaseException:
    """Return the error of a call that xoscar could not bring to its outcome, as the program is to see it."""
    xo = library("xoscar")
    if isinstance(error, RayError):
        return error
    if isinstance(error, xo.ActorNotExist | xo.ServerClosed | ConnectionRefusedError):
        return ActorDiedError(f"The actor died: {error}")
    if isinstance(error, xo.errors.XoscarError):
        return RaySystemError(str(error))
    return raised(name, error, None).error()
