"""References: what one holds of an actor, and the calls made through it.

An `ActorRef` sends messages, wherever the actor is. A `LocalActorRef`, which is what `actor_ref` and `Actor.ref` give
on the actor's own loop, calls the method in the caller's task. They differ, as they do in xoscar: an error comes
through a message as a derived class with the address before its text, but plain through a local reference; a `tell`
that is not awaited is not sent by the one, but by the other; a name that the class lacks fails at the call, or at
once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar

from conclint_runtime.xo import addresses
from conclint_runtime.xo.batch import Delayed
from conclint_runtime.xo.debug import Hop, get_debug_options, logged_when_late, outgoing
from conclint_runtime.xo.delivery import outcome_of
from conclint_runtime.xo.handling import Resident
from conclint_runtime.xo.messages import Call, Outcome, copied, value_of

logger = logging.getLogger(__name__)

# A reference answers for a class that it does not know, so nothing more can be said of a result: `ActorRefType[Kind]`
# lets a type checker see the class's own signatures.
Result = Any
_INTERNAL = ("__xoscar_next__", "__xoscar_destroy_generator__")


class ActorRef:
    """A reference that reaches its actor by messages.

    `await ref.method(...)` calls, `await ref.method.tell(...)` sends without waiting for the result. Two references to
    the same actor are equal, and hash alike; they can be sent to other actors.
    """

    __slots__ = ("__weakref__", "address", "uid")

    def __init__(self, address: str, uid: bytes) -> None:
        self.address = address
        self.uid = uid

    def __getattr__(self, name: str) -> ActorRefMethod:
        if name.startswith("_") and name not in _INTERNAL:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}: no private method is sent")
        return ActorRefMethod(self, name)

    def destroy(self) -> Coroutine[object, object, bytes]:
        """Destroy the actor, as `destroy_actor` does."""
        from conclint_runtime.xo.api import destroy_actor

        return destroy_actor(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ActorRef) and (self.address, self.uid) == (other.address, other.uid)

    def __hash__(self) -> int:
        return hash((self.address, self.uid))

    def __reduce__(self) -> tuple[Callable[[str, bytes], ActorRef], tuple[str, bytes]]:
        return reference, (self.address, self.uid)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(uid={self.uid!r}, address={self.address!r})"


class LocalActorRef(ActorRef):
    """A reference to an actor of a pool on the same loop: calls run in the caller's task, under the actor's lock."""

    __slots__ = ()

    def __getattr__(self, name: str) -> ActorRefMethod:
        method = super().__getattr__(name)
        pool = addresses.pool_at(self.address)
        if not pool.here():  # asked for from another thread: only a message reaches it from there
            return method
        pool.resident(self.uid).method(name)
        return LocalActorRefMethod(self, name)


class ActorRefMethod:
    """One method of an actor, as seen through a reference. Always true, whatever an attribute of that name holds."""

    __slots__ = ("_name", "_ref")

    def __init__(self, ref: ActorRef, name: str) -> None:
        self._ref = ref
        self._name = name

    def __call__(self, *args: object, **kwargs: object) -> Coroutine[object, object, Result]:
        """Call the method; await what is returned, for nothing is sent before.

        Raises (when awaited):
            ActorNotExist, ConnectionRefusedError, ServerClosed: no such actor; no pool; the pool was stopped meanwhile.
            CancelledError: cancelling the call cancels the method, and waits until that has heard of it.
        """
        return self.send(*args, **kwargs)

    def send(self, *args: object, **kwargs: object) -> Coroutine[object, object, Result]:
        """Call the method: the same as calling the reference's method itself."""
        return send_message(self._ref, self._call(args, kwargs))

    def tell(self, *args: object, **kwargs: object) -> Awaitable[Result]:
        """Send the call and do not wait for its result; the sending itself must be awaited.

        What awaiting returns is a future of the outcome, which most callers drop: an error of the method is lost
        with it, unless debug options log it.
        """
        return tell_message(self._ref, self._call(args, kwargs))

    def delay(self, *args: object, **kwargs: object) -> Delayed:
        """Write a call down, to be sent in a `batch`."""
        return Delayed(self._name, args, kwargs)

    def batch(self, *delays: Delayed, send: bool = True) -> Awaitable[Result]:
        """Send many calls of one `extensible` method as one message, under one hold of the lock; await the results.

        With `send=False` it is told, not awaited.

        Raises:
            ValueError: the calls are of different methods.
        """
        call = self._batch_call(delays)
        return send_message(self._ref, call) if send else tell_message(self._ref, call)

    def tell_delay(self, *args: object, delay: float, **kwargs: object) -> asyncio.Task[None]:
        """Tell the call after `delay` seconds; the task that is returned can be cancelled until then.

        A pool that is gone by then is no error. Keep the task: the loop itself holds it only weakly.
        """

        async def later() -> None:
            await asyncio.sleep(delay)
            try:
                await self.tell(*args, **kwargs)
            except ConnectionRefusedError:
                logger.debug("%s was not told %r: its pool is gone", self._ref, self._name)

        return asyncio.get_running_loop().create_task(later())

    def options(self, **options: object) -> ActorRefMethod:
        """Return the method itself; xoscar's options are about profiling, which the embedded face has none of."""
        del options
        return self

    def _call(self, args: tuple[object, ...], kwargs: dict[str, object]) -> Call:
        return Call(self._ref.uid, self._name, args, kwargs)

    def _batch_call(self, delays: tuple[Delayed, ...]) -> Call:
        names = {each.method for each in delays}
        if len(names) > 1:
            raise ValueError(f"Does not support calling multiple methods in batch: {', '.join(sorted(names))}")
        lists = [each.args for each in delays], [each.kwargs for each in delays]
        return Call(self._ref.uid, names.pop() if names else self._name, lists, {}, batch=True)


class LocalActorRefMethod(ActorRefMethod):
    """One method of an actor on the same loop."""

    __slots__ = ()

    def send(self, *args: object, **kwargs: object) -> Coroutine[object, object, Result]:
        """Call the method in the caller's task; errors come as they were raised."""
        resident = self._resident()
        return resident.run(resident.method(self._name), args, kwargs)

    def tell(self, *args: object, **kwargs: object) -> Awaitable[Result]:
        """Start the call at once, also if what is returned is never awaited."""
        return self._told(self.send(*args, **kwargs))

    def delay(self, *args: object, **kwargs: object) -> Delayed:
        """Write a call down, to be made in a `batch`.

        Raises:
            AttributeError: the method is not `extensible`.
        """
        method = self._resident().method(self._name)
        delay: Callable[..., Delayed] = method.delay  # type: ignore[attr-defined]  # what an extensible one has
        return delay(*args, **kwargs)

    def batch(self, *delays: Delayed, send: bool = True) -> Awaitable[Result]:
        """Make many calls of one `extensible` method under one hold of the lock."""
        call = self._batch_call(delays)
        made = self._resident().receive(call)
        return made if send else self._told(made)

    def _resident(self) -> Resident:
        return addresses.pool_at(self._ref.address).resident(self._ref.uid)

    def _told(self, call: Coroutine[object, object, object]) -> Awaitable[None]:
        addresses.pool_at(self._ref.address).keep(asyncio.get_running_loop().create_task(call))
        return asyncio.sleep(0)


# What an annotation says to have a type checker see the methods of the class behind a reference.
_Kind = TypeVar("_Kind")
ActorRefType: TypeAlias = ActorRef | _Kind


def reference(address: str, uid: bytes) -> ActorRef:
    """Return a reference to an actor: a local one when it lives on the running loop."""
    options = get_debug_options()
    if options is not None and options.log_cycle_send:  # call cycles are seen in messages only
        return ActorRef(address, uid)
    return LocalActorRef(address, uid) if _lives_here(address, uid) else ActorRef(address, uid)


async def send_message(ref: ActorRef, call: Call) -> Result:
    """Send a message and return its result."""
    options = get_debug_options()
    seconds = 0 if options is None else options.actor_call_timeout
    with logged_when_late(seconds, "Calling %r on %s at %s timed out", call.method, ref.uid, ref.address):
        call = replace(call, chain=outgoing(Hop(ref.uid, ref.address, call.method)))
        posted = addresses.pool_at(ref.address).home_of(ref.uid).post_call(call)
        value = value_of(await outcome_of(posted))
    return copied(value, f"the result of {call.method!r}") if posted.crosses else value


async def tell_message(ref: ActorRef, call: Call) -> asyncio.Future[Outcome]:
    """Send a message and return the future of its outcome, at once."""
    return addresses.pool_at(ref.address).home_of(ref.uid).post_call(call).reply


def _lives_here(address: str, uid: bytes) -> bool:
    """Whether the actor lives, in a pool on the running loop."""
    try:
        pool = addresses.pool_at(address)
    except ConnectionRefusedError:
        return False
    return pool.here() and pool.holds(uid)
