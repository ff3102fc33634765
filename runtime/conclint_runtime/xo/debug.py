"""Debug options: what an actor pool logs when it is asked to, among it calls that come back to the same actor.

Source: `xoscar.debug` and the `DEBUG_OSCAR` variable of xoscar 0.12. A call cycle under the lock is a deadlock; xoscar
(and this) sees the one where an actor calls itself by its own reference, not the one of two actors that call each other
from two separate starts.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
from collections.abc import Iterator
from dataclasses import dataclass

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DebugOptions:
    """What to log. Times are in seconds, 0 for never.

    Attributes:
        actor_call_timeout: a caller has waited for this long.
        process_message_timeout: a pool has worked on a message for this long.
        actor_lock_timeout: a message has held an actor's lock for this long.
        log_unhandled_errors: log each error that leaves a method.
        log_cycle_send: log a call to an actor that is already part of the chain of calls it was made in.
    """

    actor_call_timeout: float = 10
    process_message_timeout: float = 30
    actor_lock_timeout: float = 30
    log_unhandled_errors: bool = True
    log_cycle_send: bool = True


@dataclass(frozen=True, slots=True)
class Hop:
    """One call of the chain that led to the message being handled."""

    uid: bytes
    address: str
    method: str


class _Options:
    __slots__ = ("current",)

    def __init__(self) -> None:
        self.current: DebugOptions | None = None


# Process-wide as xoscar's are: a pool that is already running heeds a change at its next message.
_OPTIONS = _Options()
_CHAIN: contextvars.ContextVar[tuple[Hop, ...]] = contextvars.ContextVar("conclint_runtime_xo_chain", default=())


def set_debug_options(options: DebugOptions | None) -> None:
    """Log as `options` say from now on, in every pool of this process; None for nothing."""
    _OPTIONS.current = options


def get_debug_options() -> DebugOptions | None:
    """Return the options in force, None when nothing is logged."""
    return _OPTIONS.current


def outgoing(hop: Hop) -> tuple[Hop, ...]:
    """Return the chain of calls that a message about to be sent belongs to, and log it if it closes a cycle."""
    options = _OPTIONS.current
    if options is None or not options.log_cycle_send:
        return ()
    chain = (*_CHAIN.get(), hop)
    if any(each.uid == hop.uid and each.address == hop.address for each in chain[:-1]):
        calls = "\n    ".join(f"Calling {each.method!r} in actor {each.uid!r} at {each.address}" for each in chain)
        logger.warning(
            "Call cycle detected when sending to actor %s at %s, the trace is\n    %s", hop.uid, hop.address, calls
        )
    return chain


@contextlib.contextmanager
def incoming(chain: tuple[Hop, ...]) -> Iterator[None]:
    """Make what is sent in the block part of the chain that the handled message came with."""
    token = _CHAIN.set(chain)
    try:
        yield
    finally:
        _CHAIN.reset(token)


@contextlib.contextmanager
def logged_when_late(seconds: float, text: str, *args: object) -> Iterator[None]:
    """Log a warning each time the block has taken another `seconds`, in seconds; 0 logs nothing."""
    if seconds <= 0:
        yield
        return
    loop = asyncio.get_running_loop()
    started = loop.time()

    def log() -> None:
        logger.warning(text + " (timeout for %.4f seconds).", *args, loop.time() - started)
        timers.append(loop.call_later(seconds, log))

    timers = [loop.call_later(seconds, log)]
    try:
        yield
    finally:
        timers[-1].cancel()


def log_unhandled(method: str, uid: bytes, address: str, error: Exception) -> None:
    """Log an error that leaves a method, if that was asked for."""
    options = _OPTIONS.current
    if options is not None and options.log_unhandled_errors:
        logger.error(
            "Got unhandled error when handling message %.500r in actor %s at %s", method, uid, address, exc_info=error
        )
