"""The reference to a result that may not be there yet.

One object is both the promise and the reference: in one process there is nothing to look up. Completion and waiting
meet without a lock: the one who completes stores the value, then empties the list of waiters; the one who waits
appends itself, then looks at the value again. `list.append`, `pop` and `remove` are atomic, so each waiter is told
exactly once, by whichever of the two sees the other.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Generator
from sys import is_finalizing
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from conclint_runtime.actors.copying import ByIdentity, Stored, pack
from conclint_runtime.exceptions import RayTaskError, TaskCancelledError

if TYPE_CHECKING:
    import asyncio
    from concurrent.futures import Future

    from conclint_runtime.actors.awaiting import Arrival
    from conclint_runtime.actors.calls import Call

T_co = TypeVar("T_co", covariant=True)
Waiter = Callable[["ObjectRef[object]"], None]

_numbers = itertools.count(1)
_PENDING = object()


class Failure:
    """The error that a call ended with; says so in the log when nobody ever asked."""

    __slots__ = ("_told", "error", "ref_name")

    def __init__(self, error: BaseException, ref_name: str) -> None:
        self.error = error
        self.ref_name = ref_name
        self._told = not isinstance(error, RayTaskError) or isinstance(error.cause, TaskCancelledError)

    def told(self) -> BaseException:
        """Return the error to raise, a new one for each caller so that tracebacks do not pile up."""
        self._told = True
        error = self.error
        return error.as_instanceof_cause() if isinstance(error, RayTaskError) else error

    def __del__(self) -> None:
        if not self._told and not is_finalizing() and "RAY_IGNORE_UNHANDLED_ERRORS" not in os.environ:
            import logging

            logging.getLogger("conclint_runtime.actors").error(
                "Unhandled error of %s (nobody asked for its result; suppress with RAY_IGNORE_UNHANDLED_ERRORS=1): %s",
                self.ref_name,
                self.error,
            )


class _Open:
    """The mark at the head of a waiter list of a reference without a value: who removes it may settle the reference."""

    __slots__ = ()


_OPEN = _Open()
_oldest = 0


def retire_references() -> None:
    """Make every reference that exists now unusable, as `shutdown` promises."""
    global _oldest  # noqa: PLW0603 - one number for the process: a reference outlives the engine that made it
    _oldest = next(_numbers)


def _first_arrival() -> Arrival:
    """Fetch what needs asyncio when the first reference is awaited, and take this function's place."""
    global _new_arrival  # noqa: PLW0603 - an import in each `await` would cost as much as the rest of it
    from conclint_runtime.actors.awaiting import Arrival

    _new_arrival = Arrival
    return Arrival()


_new_arrival: Callable[[], Arrival] = _first_arrival


class ObjectRef(ByIdentity, Generic[T_co]):
    """A reference to the result of a remote call, or to a value that was `put`.

    Use it as an argument of another call (at top level it is replaced by its value), with `get` and `wait`,
    or `await` it, as often as you like. Cancelling what awaits it does not cancel the call behind it.
    Source: the Ray Core documentation, "Objects" and "AsyncIO / Concurrency for Actors".
    """

    __slots__ = ("__weakref__", "_call", "_number", "_value", "_waiters")

    def __init__(self) -> None:
        self._number = next(_numbers)
        self._value: object = _PENDING
        self._waiters: list[object] = [_OPEN]
        self._call: Call | None = None

    def hex(self) -> str:
        """The reference's identifier in hexadecimal."""
        return f"{self._number:056x}"

    def binary(self) -> bytes:
        """The reference's identifier as 28 bytes."""
        return self._number.to_bytes(28, "big")

    def task_id(self) -> str:
        """The identifier of the call behind the reference, in hexadecimal."""
        return f"{self._number:048x}"

    def is_nil(self) -> bool:
        """False: every reference stands for something."""
        return False

    def future(self) -> Future[T_co]:
        """Return a new `concurrent.futures.Future` of the result.

        It can be cancelled, which does not cancel the call. Its callbacks run on a thread of the runtime.
        """
        from conclint_runtime.actors.futures import future_of

        return future_of(self)

    def as_future(self, _internal: bool = False) -> asyncio.Future[T_co]:
        """Return an asyncio future of the result. Deprecated: use `asyncio.wrap_future(ref.future())`."""
        import asyncio
        import logging

        if not _internal:
            import logging

            logging.getLogger("conclint_runtime.actors").warning(
                "ref.as_future() is deprecated in favor of asyncio.wrap_future(ref.future())."
            )
        return asyncio.wrap_future(self.future())

    def __await__(self) -> Generator[object, None, T_co]:
        if self._value is _PENDING:
            waiter = _new_arrival()
            add_waiter(self, waiter)
            try:
                yield from waiter.future
            except BaseException:
                drop_waiter(self, waiter)
                raise
        return result_of(self)

    def __repr__(self) -> str:
        return f"ObjectRef({self.hex()})"

    def __copy__(self) -> ObjectRef[T_co]:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> ObjectRef[T_co]:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        from conclint_runtime.exceptions import OufOfBandObjectRefSerializationException

        raise OufOfBandObjectRefSerializationException(
            f"{self!r} cannot be pickled: it stands for a result in this process. Pass it as an argument of a remote"
            " call, or pickle what `get` returns for it"
        )


def is_ready(ref: ObjectRef[object]) -> bool:
    """Whether the reference has its value or its error."""
    return ref._value is not _PENDING


def result_of(ref: ObjectRef[T_co]) -> T_co:
    """Return a copy of the value of a ready reference, or raise its error."""
    value = ref._value
    if ref._number < _oldest:
        raise ValueError(
            f"You are trying to access Ray objects whose owner is unknown: {ref!r} was made before `shutdown` was"
            " called, which ended everything that it stood for"
        )
    kind = type(value)
    if kind is Stored:
        return cast("Stored", value).load()  # type: ignore[return-value]  # what was stored for T_co
    if kind is Failure:
        raise cast("Failure", value).told()
    return value  # type: ignore[return-value]  # what was settled for T_co


def error_of(ref: ObjectRef[object]) -> BaseException | None:
    """Return the error of a ready reference as it was settled, without counting it as told; None for a value."""
    value = ref._value
    return value.error if isinstance(value, Failure) else None


def add_waiter(ref: ObjectRef[object], waiter: Waiter) -> None:
    """Have `waiter(ref)` called once when the reference is ready: at once if it is, else by whoever settles it.

    The waiter must not block and must not raise: it runs on the thread that finished the call.
    """
    waiters = ref._waiters
    waiters.append(waiter)
    if ref._value is not _PENDING:
        try:
            waiters.remove(waiter)
        except ValueError:
            return  # the one who settled it has taken the waiter
        waiter(ref)


def drop_waiter(ref: ObjectRef[object], waiter: Waiter) -> None:
    """Forget a waiter that need not be called any more."""
    try:
        ref._waiters.remove(waiter)
    except ValueError:
        pass


def settle(ref: ObjectRef[object], value: object) -> bool:
    """Give the reference its packed value or its `Failure`; False when it had one already."""
    waiters = ref._waiters
    try:
        waiters.remove(_OPEN)
    except ValueError:
        return False
    ref._value = value
    ref._call = None
    if waiters:
        waiters.reverse()
        while waiters:
            try:
                waiter = waiters.pop()
            except IndexError:
                break
            cast("Waiter", waiter)(ref)
    return True


def settle_value(ref: ObjectRef[object], value: object) -> bool:
    """Give the reference a copy of a value; False when it had a value or an error already.

    Raises what pickling raises for a value that cannot be copied.
    """
    return settle(ref, pack(value))


def settle_error(ref: ObjectRef[object], error: BaseException) -> bool:
    """Give the reference an error; False when it had a value or an error already."""
    failure = Failure(error, repr(ref) if ref._call is None else ref._call.name)
    if settle(ref, failure):
        return True
    failure.told()
    return False
