"""What travels between a reference and a pool, and the copying where it crosses from one pool's loop to another's."""

from __future__ import annotations

import asyncio
import io
import os
import pickle
import types
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TypeVar

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


_SHARED = (type, types.FunctionType, types.BuiltinFunctionType, types.ModuleType)


class _Pickler(pickle.Pickler):
    """Copies values but shares classes, functions and modules, so that local ones (and lambdas) may be sent.

    xoscar reaches the same with cloudpickle, which ships their code.
    """

    def __init__(self, stream: io.BytesIO) -> None:
        super().__init__(stream, pickle.HIGHEST_PROTOCOL)
        self.shared: list[object] = []

    def persistent_id(self, value: object) -> int | None:
        if not isinstance(value, _SHARED):
            return None
        self.shared.append(value)
        return len(self.shared) - 1


class _Unpickler(pickle.Unpickler):
    def __init__(self, stream: io.BytesIO, shared: list[object]) -> None:
        super().__init__(stream)
        self._shared = shared

    def persistent_load(self, index: int) -> object:
        return self._shared[index]


def copied(value: T, what: str) -> T:
    """Return a copy of `value`, as a value has that went to another process and was built anew there.

    Raises:
        SendMessageFailed: it cannot be pickled; `what` names it in the text.
    """
    stream = io.BytesIO()
    pickler = _Pickler(stream)
    try:
        pickler.dump(value)
        stream.seek(0)
        made: T = _Unpickler(stream, pickler.shared).load()
    except Exception as error:  # pickling runs the classes' own code, which may raise anything
        raise SendMessageFailed(f"{what} cannot be sent to another pool: {error!r}") from error
    return made
