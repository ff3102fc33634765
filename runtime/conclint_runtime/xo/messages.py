"""What travels between a reference and a pool, and the copying where it crosses from one pool's loop to another's."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TypeVar

from conclint_runtime.actors.copying import pack, unpack
from conclint_runtime.xo.debug import Hop
from conclint_runtime.xo.errors import SendMessageFailed, as_remote

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """One message to an actor: one call, or for a batch the arguments of several.

    `args` of a batch is the pair (list of args, list of kwargs).
    """

    uid: bytes
    method: str
    args: tuple[object, ...]
    kwargs: dict[str, object]
    batch: bool = False
    chain: tuple[Hop, ...] = ()

    def copied(self) -> Call:
        """Return the message with copies of its arguments."""
        args, kwargs = copied((self.args, self.kwargs), f"an argument of {self.method!r}")
        return replace(self, args=args, kwargs=kwargs)


@dataclass(frozen=True, slots=True)
class Answered:
    """The result of a message."""

    value: object


@dataclass(frozen=True, slots=True)
class Failed:
    """The error that a message ended with, and where."""

    error: BaseException
    traceback: TracebackType | None
    address: str

    def as_exception(self) -> BaseException:
        """Return what the caller gets: the same class, its text led by the pool's address and process."""
        pid = os.getpid()
        if isinstance(self.error, asyncio.CancelledError):
            return asyncio.CancelledError(f"[address={self.address}, pid={pid}]").with_traceback(self.traceback)
        if isinstance(self.error, Exception):
            return as_remote(self.error, self.traceback, self.address, pid)
        return self.error


Outcome = Answered | Failed


def value_of(outcome: Outcome) -> object:
    """Return the result, or raise the error as the caller of a message sees it."""
    if isinstance(outcome, Answered):
        return outcome.value
    raise outcome.as_exception()


def copied(value: T, what: str) -> T:
    """Return a copy of `value`, as a value has that went to another process and was built anew there.

    Classes, functions and modules are shared, so that local ones may be sent, as xoscar's cloudpickle allows; arrays
    arrive read-only, as xoscar's do.

    Raises:
        SendMessageFailed: it cannot be pickled; `what` names it in the text.
    """
    try:
        copy: T = unpack(pack(value))  # type: ignore[assignment]  # a copy is what its original is
    except Exception as error:  # pickling runs the classes' own code, which may raise anything
        raise SendMessageFailed(f"{what} cannot be sent to another pool: {error!r}") from error
    return copy
