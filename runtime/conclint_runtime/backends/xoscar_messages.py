"""What travels between the program and the hosts of its actors and tasks on xoscar."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal, Protocol

from conclint_runtime.actors.copying import Stored, pack, unpack
from conclint_runtime.actors.ref import ObjectRef
from conclint_runtime.backends.differences import refusal
from conclint_runtime.backends.installed import library
from conclint_runtime.exceptions import OufOfBandObjectRefSerializationException, RayError, RayTaskError

Kind = Literal["sync", "threaded", "async"]
Arguments = tuple[tuple[object, ...], dict[str, object]]


@dataclass(frozen=True, slots=True)
class Late:
    """Stands in the arguments for the value of the reference at this position, which arrives beside them."""

    position: int


@dataclass(frozen=True, slots=True)
class Freight:
    """Arguments as they were when the call was made: a copy in this process, or bytes for another one.

    Attributes:
        load: the copy, or the bytes.
        late: how many of them are references, whose values arrive beside.
    """

    load: object
    late: int

    def unload(self, values: Sequence[object]) -> Arguments:
        """Return the arguments, with the values that arrived late in their places."""
        args, kwargs = _loaded(self.load)
        if not self.late:
            return args, kwargs
        return tuple(_arrived(each, values) for each in args), {k: _arrived(v, values) for k, v in kwargs.items()}


@dataclass(frozen=True, slots=True)
class Consignment:
    """The arguments of a call, and what has to be waited for before they are sent.

    Attributes:
        cargo: the arguments.
        late: the references at top level, whose values are sent beside.
        companions: the actors whose handles are among the arguments: who gets one elsewhere looks for the actor.
    """

    cargo: Freight
    late: tuple[ObjectRef[object], ...]
    companions: tuple[Standing, ...]

    async def values(self) -> list[object]:
        """Wait for what is late; returns the values of the references.

        Raises:
            Exception: the error of a reference that failed.
        """
        for companion in self.companions:
            with suppress(RayError):  # its constructor failed: who calls it will be told
                await companion.host()
        return [await ref for ref in self.late]


class Standing(Protocol):
    """An actor that may still be under construction."""

    async def host(self) -> object:
        """Return when it stands."""


COMPANIONS: ContextVar[list[Standing] | None] = ContextVar("conclint_runtime_xoscar_companions", default=None)
"""Where handles that are being pickled write down the actors that they reach."""


def consignment(args: tuple[object, ...], kwargs: dict[str, object], elsewhere: bool) -> Consignment:
    """Copy the arguments of a call.

    Args:
        args, kwargs: the arguments.
        elsewhere: whether they go to another process.

    Raises:
        NotOnThisBackend: a reference is inside of a container, and goes to another process.
        Exception: whatever pickling raises for a value that cannot be copied.
    """
    late: list[ObjectRef[object]] = []

    def place(value: object) -> object:
        if not isinstance(value, ObjectRef):
            return value
        late.append(value)
        return Late(len(late) - 1)

    placed = tuple(map(place, args)), {name: place(value) for name, value in kwargs.items()}
    companions: list[Standing] = []
    token = COMPANIONS.set(companions)
    try:
        load = _shipped(placed) if elsewhere else _copied(placed)
    finally:
        COMPANIONS.reset(token)
    return Consignment(Freight(load, len(late)), tuple(late), tuple(companions))


def _shipped(placed: Arguments) -> bytes:
    try:
        shipped: bytes = library("cloudpickle").dumps(placed)
    except OufOfBandObjectRefSerializationException:
        raise refusal("references in containers", "an argument") from None
    return shipped


def _loaded(load: object) -> Arguments:
    loaded: Arguments = (
        library("cloudpickle").loads(load) if isinstance(load, bytes) else unpack(load)  # type: ignore[assignment]
    )
    return loaded


def _copied(placed: Arguments) -> object:
    packed = pack(placed)
    # What is bytes is taken for a pickle; a tuple never is.
    return packed if isinstance(packed, Stored) else placed


def _arrived(value: object, values: Sequence[object]) -> object:
    return values[value.position] if isinstance(value, Late) else value


@dataclass(frozen=True, slots=True)
class Returned:
    """What a call returned."""

    value: object


@dataclass(frozen=True, slots=True)
class Raised:
    """What a call raised, with the traceback as text, since frames do not travel."""

    name: str
    text: str
    cause: BaseException
    actor: str | None

    def error(self) -> RayTaskError:
        """Return the error as the caller is to see it."""
        return RayTaskError(self.name, self.text, self.cause, self.actor)


@dataclass(frozen=True, slots=True)
class Left:
    """The actor ended itself."""


Outcome = Returned | Raised | Left


def raised(name: str, error: BaseException, actor: str | None) -> Raised:
    """Describe an error for the caller; of one that came from a further call, the innermost is told."""
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    cause = error.cause if isinstance(error, RayTaskError) else error
    cause.__traceback__ = None  # its frames would keep everything alive that the function had in hand
    return Raised(name, text, cause, actor)


@dataclass(frozen=True, slots=True)
class Station:
    """The pool that actors and tasks are sent to.

    Attributes:
        address: of the main pool.
        sub_pools: how many other processes it has.
    """

    address: str
    sub_pools: int

    @property
    def elsewhere(self) -> bool:
        """Whether actors and tasks are in other processes than the program."""
        return self.sub_pools > 0


@dataclass(frozen=True, slots=True)
class Employment:
    """What there is to know of one actor: for its host, for whoever holds a handle, and for itself.

    Attributes:
        uid: its name in the pool.
        name: the name that the program gave it; empty for none.
        namespace: in which that name is looked up.
        cls: its class.
        kind: how its methods run: on one thread, on several, on the pool's loop.
        concurrency: how many of them at a time.
        station: the pool that it lives in.
    """

    uid: str
    name: str
    namespace: str
    cls: type
    kind: Kind
    concurrency: int
    station: Station


@dataclass(frozen=True, slots=True)
class Task:
    """A remote function, for its host."""

    name: str
    function: Callable[..., object]


HERE: ContextVar[Employment | None] = ContextVar("conclint_runtime_xoscar_actor", default=None)
"""The actor whose method runs; None elsewhere."""
