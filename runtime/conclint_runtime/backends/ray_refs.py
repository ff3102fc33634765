"""Ray's references and streams in our classes: the same to the program, with our errors.

A wrapped reference is resolved by Ray at the top level of a call, since it is unwrapped there; inside of a container it
travels wrapped, and arrives wrapped.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from concurrent.futures import Future
from typing import Any, TypeVar

from conclint_runtime.actors.ref import ObjectRef
from conclint_runtime.actors.stream import ObjectRefGenerator
from conclint_runtime.backends.installed import library
from conclint_runtime.backends.ray_errors import translated, translating

T_co = TypeVar("T_co", covariant=True)

Theirs = Any  # an object of Ray's, whose classes are not known where Ray is not installed


class RayRef(ObjectRef[T_co]):
    """A reference of Ray's. Equal to every other reference to the same object."""

    __slots__ = ("real",)

    def __init__(self, real: Theirs) -> None:
        super().__init__()
        self.real = real

    def hex(self) -> str:
        """The reference's identifier in hexadecimal."""
        return str(self.real.hex())

    def binary(self) -> bytes:
        """The reference's identifier as bytes."""
        return bytes(self.real.binary())

    def task_id(self) -> str:
        """The identifier of the call behind the reference, in hexadecimal."""
        return str(self.real.task_id().hex())

    def future(self) -> Future[T_co]:
        """Return a `concurrent.futures.Future` of the result; cancelling it does not cancel the call."""
        ours: Future[T_co] = Future()

        def settle(theirs: Future[T_co]) -> None:
            if not ours.set_running_or_notify_cancel():
                return
            error = theirs.exception()
            if error is None:
                ours.set_result(theirs.result())
            else:
                ours.set_exception(translated(error))

        self.real.future().add_done_callback(settle)
        return ours

    def __await__(self) -> Generator[object, None, T_co]:
        with translating():
            value: T_co = yield from self.real.__await__()
        return value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RayRef) and bool(self.real == other.real)

    def __hash__(self) -> int:
        return hash(self.real)

    def __repr__(self) -> str:
        return repr(self.real)

    def __reduce__(self) -> tuple[object, ...]:
        return received, (self.real,)


class RayStream(ObjectRefGenerator[T_co]):
    """A stream of Ray's."""

    def __init__(self, real: Theirs) -> None:
        # Without the parent's: it reads the producer's end of an embedded stream.
        self.real = real

    def __next__(self) -> ObjectRef[T_co]:
        with translating():
            return RayRef(next(self.real))

    async def __anext__(self) -> ObjectRef[T_co]:
        with translating():
            return RayRef(await self.real.__anext__())

    def completed(self) -> ObjectRef[None]:
        """A reference that is ready when the producer has ended, and raises its error."""
        return RayRef(self.real.completed())

    def next_ready(self) -> bool:
        """Whether `next` would not wait."""
        return bool(self.real.next_ready())

    def is_finished(self) -> bool:
        """Whether the producer has ended and everything was read."""
        return bool(self.real.is_finished())

    def pulse(self) -> ObjectRef[object]:
        """A reference that becomes ready with the end."""
        return RayRef(self.real.completed())

    def __del__(self) -> None:
        """Leave the stopping of the producer to Ray, which does it when its own end is dropped."""

    def __repr__(self) -> str:
        return repr(self.real)


def received(real: Theirs) -> RayRef[object]:
    """Return the reference that came out of a container, in the process that it came to."""
    from conclint_runtime.backends.ray import attach

    attach()
    return RayRef(real)


def wrapped(real: Theirs) -> Any:
    """Return what Ray gave back for a call, in our classes."""
    ray = library("ray")
    if isinstance(real, ray.ObjectRef):
        return RayRef(real)
    if isinstance(real, ray.ObjectRefGenerator):
        return RayStream(real)
    if isinstance(real, list):
        return [wrapped(each) for each in real]
    return real


def bare(value: object) -> Theirs:
    """Return Ray's own reference or stream for one of ours; anything else as it is."""
    return value.real if isinstance(value, RayRef | RayStream) else value


def bare_arguments(
    args: tuple[object, ...], kwargs: Mapping[str, object]
) -> tuple[tuple[Theirs, ...], dict[str, Theirs]]:
    """Return the arguments of a call with Ray's own references at top level, for Ray to resolve."""
    return tuple(map(bare, args)), {name: bare(value) for name, value in kwargs.items()}
