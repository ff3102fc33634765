"""`get` and `wait`: the caller's thread blocks until references are ready."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, TypeAlias

from conclint_runtime.actors import observe
from conclint_runtime.actors.calls import CURRENT, Call
from conclint_runtime.actors.interrupt import uninterrupted
from conclint_runtime.actors.parking import Parker
from conclint_runtime.actors.ref import ObjectRef, add_waiter, drop_waiter, error_of, is_ready, result_of
from conclint_runtime.actors.stream import ObjectRefGenerator
from conclint_runtime.exceptions import GetTimeoutError

if TYPE_CHECKING:
    from conclint_runtime.actors.actor import EmbeddedActor

Ref: TypeAlias = "ObjectRef[object]"
Readable: TypeAlias = "ObjectRef[object] | ObjectRefGenerator[object]"

_WANTED = "wait() expected a list of ray.ObjectRef or ray.ObjectRefGenerator"
_BLOCKING_GET = (
    "Using blocking ray.get inside async actor. This blocks the event loop. Please use `await` on object ref with"
    " asyncio.gather if you want to yield execution to the event loop instead."
)


def get(refs: object, timeout: float | None) -> object:
    """Return the value of a reference, or the values of a list of them in its order.

    Parameters:
        refs: a reference, a list of references, or a stream, which is returned as it is.
        timeout: seconds; 0 only looks, None or less than 0 waits for ever.

    Raises the error of the first call seen to have failed, without waiting for the others; `GetTimeoutError` when the
    time is up; ValueError or TypeError for anything that is not a reference.
    Ended by: the calls, the timeout, `cancel`, `kill`, `shutdown`, or a signal handler that raises.
    """
    call = CURRENT.get()
    if call is None:
        return _get(refs, timeout)
    if call.actor is not None and timeout != 0:
        _warn_once(call.actor)
    if call.stretch is None:
        return _get(refs, timeout)
    with call.stretch.held():
        return _get(refs, timeout)


def _get(refs: object, timeout: float | None) -> object:
    if type(refs) is ObjectRef:
        if not is_ready(refs):
            _await_all([refs], timeout)
        return result_of(refs)
    if isinstance(refs, ObjectRefGenerator):
        return refs
    if not isinstance(refs, list):
        raise ValueError(
            f"Invalid type of object refs, {type(refs)}, is given. 'object_refs' must either be an ObjectRef or a list"
            " of ObjectRefs."
        )
    for ref in refs:
        if type(ref) is not ObjectRef:
            raise TypeError(
                f"Attempting to call `get` on the value {ref!r}, which is not an ray.ObjectRef. A list of references"
                " must hold nothing else."
            )
    if any(not is_ready(ref) for ref in refs):
        _await_all(refs, timeout)
    return [result_of(ref) for ref in refs]


@uninterrupted
def wait(refs: object, num_returns: int = 1, timeout: float | None = None) -> tuple[list[Ref], list[Ref]]:
    """Wait until some of the references are ready.

    Parameters:
        refs: a list of different references or streams (a stream is ready when it has an item, or has ended).
        num_returns: how many must be ready.
        timeout: seconds; None waits for ever.

    Returns the ready ones, `num_returns` at most, and all the others, both in the order given. One that
    failed is ready.
    Raises TypeError or ValueError for arguments that make no sense.
    Ended by: as `get`.
    """
    items = _checked(refs, num_returns, timeout)
    if not items:
        return [], []
    ready = [item for item in items if _readable(item)]
    if len(ready) < num_returns:
        _await_some(items, num_returns, timeout)
        ready = [item for item in items if _readable(item)]
    chosen = {id(item) for item in ready[:num_returns]}
    # A stream stands in these lists for itself.
    first = [item for item in items if id(item) in chosen]
    rest = [item for item in items if id(item) not in chosen]
    return first, rest  # type: ignore[return-value]


def _checked(refs: object, num_returns: int, timeout: float | None) -> list[Readable]:
    if isinstance(refs, (ObjectRef, ObjectRefGenerator)):
        raise TypeError(f"{_WANTED}, got a single {refs!r}")
    if not isinstance(refs, list):
        raise TypeError(f"{_WANTED}, got {type(refs)}")
    if timeout is not None and timeout < 0:
        raise ValueError(f"The 'timeout' argument must be nonnegative. Received {timeout}")
    for ref in refs:
        if not isinstance(ref, (ObjectRef, ObjectRefGenerator)):
            raise TypeError(f"{_WANTED}, got list containing {type(ref)}")
    if len({id(ref) for ref in refs}) != len(refs):
        raise ValueError("Wait requires a list of unique ray_waitables.")
    if not refs:
        return refs
    if num_returns <= 0:
        raise ValueError(f"Invalid number of objects to return {num_returns}.")
    if num_returns > len(refs):
        raise ValueError("num_returns cannot be greater than the number of ray_waitables provided to ray.wait.")
    return refs


def _readable(item: Readable) -> bool:
    return is_ready(item) if type(item) is ObjectRef else item.next_ready()  # type: ignore[union-attr]


class _Gate:
    """Lets the waiting thread go when enough references are ready, or one has failed where that is enough."""

    __slots__ = ("_any_failure", "_arrived", "_needed", "_parker")

    def __init__(self, needed: int, any_failure: bool) -> None:
        self._needed = needed
        self._any_failure = any_failure
        self._arrived: list[None] = []
        self._parker = Parker()

    def __call__(self, ref: Ref) -> None:
        self._arrived.append(None)
        if len(self._arrived) >= self._needed or (self._any_failure and error_of(ref) is not None):
            self._needed = 0
            self._parker.unpark()

    def pass_through(self, timeout: float | None) -> bool:
        end = None if timeout is None else time.monotonic() + timeout
        while self._needed > 0:
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                return False
            self._parker.park(left)
        return True


def _await_all(refs: Sequence[Ref], timeout: float | None) -> None:
    if timeout is not None and timeout < 0:
        timeout = None
    pending = [ref for ref in refs if not is_ready(ref)]
    if len(pending) < len(refs) and any(error_of(ref) is not None for ref in refs):
        _raise_first(refs)
    gate = _Gate(len(pending), any_failure=True)
    passed = False
    if timeout != 0:
        with _blocked("get", pending, all_needed=True, timeout=timeout):
            passed = _through(gate, pending, timeout)
    if len(refs) > 1 or not passed:
        _raise_first(refs)
        if not passed:
            raise GetTimeoutError("Get timed out: some object(s) not ready.")


def _raise_first(refs: Sequence[Ref]) -> None:
    for ref in refs:
        if error_of(ref) is not None:
            result_of(ref)


def _await_some(items: Sequence[Readable], num_returns: int, timeout: float | None) -> None:
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        pulses = [item if type(item) is ObjectRef else item.pulse() for item in items]  # type: ignore[union-attr]
        pending = [pulse for pulse in pulses if not is_ready(pulse)]
        missing = num_returns - sum(map(_readable, items))
        if missing <= 0:
            return
        left = None if end is None else end - time.monotonic()
        if left is not None and left <= 0:
            return
        gate = _Gate(missing, any_failure=False)
        with _blocked("wait", pending, all_needed=missing == len(pending), timeout=left):
            if not _through(gate, pending, left):
                return


def _through(gate: _Gate, pending: Sequence[Ref], timeout: float | None) -> bool:
    for ref in pending:
        add_waiter(ref, gate)
    try:
        return gate.pass_through(timeout)
    finally:
        for ref in pending:
            if not is_ready(ref):
                drop_waiter(ref, gate)


@contextmanager
def _blocked(
    function: Literal["get", "wait"], pending: Sequence[Ref], all_needed: bool, timeout: float | None
) -> Generator[None, None, None]:
    """Give the caller's task slot to others while it blocks, and tell the observer and the author."""
    call = CURRENT.get()
    watcher = observe.observer
    seen = None
    if watcher is not None:
        seen = _observed(function, call, pending, all_needed, timeout)
        watcher.wait_began(seen)
    slot = None if call is None else call.slot
    if slot is not None:
        slot.leave()
    try:
        yield
    finally:
        if slot is not None:
            slot.enter_again()
        if watcher is not None and seen is not None:
            watcher.wait_ended(seen)


def _observed(
    function: Literal["get", "wait"], call: Call | None, pending: Sequence[Ref], all_needed: bool, timeout: float | None
) -> observe.ObservedWait:
    calls = tuple(ref._call.observed() for ref in pending if ref._call is not None)
    waiter = None if call is None else call.observed()
    return observe.ObservedWait(function, waiter, threading.get_ident(), on_loop(), calls, all_needed, timeout)


def on_loop() -> bool:
    """Whether an event loop runs on this thread."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return False
    running: Callable[[], object] = asyncio._get_running_loop
    return running() is not None


def _warn_once(actor: EmbeddedActor) -> None:
    if actor.kind == "async" and not actor.warned_of_blocking and on_loop():
        import logging

        actor.warned_of_blocking = True
        logging.getLogger("conclint_runtime.actors").warning(_BLOCKING_GET)
