"""How an actor handles a message: the lock, and what a method may give back in place of a result."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import AsyncGenerator, Callable, Generator

from conclint_runtime.xo.actor import StatelessActor
from conclint_runtime.xo.batch import ExtensibleMethod
from conclint_runtime.xo.debug import get_debug_options, logged_when_late
from conclint_runtime.xo.errors import Return
from conclint_runtime.xo.locking import MessageLock, is_unlocked
from conclint_runtime.xo.messages import Call

# What cannot be awaited, so that most results need not be looked at.
_PLAIN = frozenset({bool, bytes, dict, float, int, list, set, str, type(None)})


class Resident:
    """An actor in its pool, with its lock: what messages are handed to."""

    __slots__ = ("actor", "lock")

    def __init__(self, actor: StatelessActor) -> None:
        self.actor = actor
        self.lock: MessageLock = actor._lock_kind()

    def method(self, name: str) -> Callable[..., object]:
        """Return the method that messages call by this name.

        Raises:
            AttributeError: the actor's class has none.
        """
        found: Callable[..., object] = getattr(self.actor, name)
        return found

    async def receive(self, call: Call) -> object:
        """Handle one message; returns what its method returned in the end."""
        method = self.method(call.method)
        if call.batch:
            method = _lists_form(method)
        return await self.run(method, call.args, call.kwargs)

    async def run(self, method: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        """Call a method under the actor's lock, unless it is marked `no_lock`, and settle what it returned."""
        if is_unlocked(method):
            result = await _completed(method(*args, **kwargs))
        else:
            async with self.lock:
                options = get_debug_options()
                if options is None:
                    result = method(*args, **kwargs)
                    if type(result) not in _PLAIN:
                        result = await _completed(result)
                else:
                    with self._watched(method, options.actor_lock_timeout):
                        result = await _completed(method(*args, **kwargs))
        return result if type(result) in _PLAIN else await self.settle(result)

    def _watched(self, method: Callable[..., object], seconds: float) -> contextlib.AbstractContextManager[None]:
        return logged_when_late(seconds, "Method %r of actor %s hold lock timeout.", method, self.actor.uid)

    async def settle(self, result: object) -> object:
        """Turn what a method gave back into its result, without the lock.

        An awaitable is awaited, the awaitables in a tuple are awaited together, an async generator is driven: it runs
        under the lock, and what it yields is settled outside of it and sent back in.
        """
        if inspect.isawaitable(result):
            result = await result
        elif isinstance(result, AsyncGenerator):
            return await self._drive(result)
        return await self._settle_together(result) if type(result) is tuple else result

    async def _settle_together(self, items: tuple[object, ...]) -> tuple[object, ...]:
        tasks: dict[int, asyncio.Future[object]] = {}
        for position, item in enumerate(items):
            if isinstance(item, AsyncGenerator):
                tasks[position] = asyncio.ensure_future(self._drive(item))
            elif inspect.isawaitable(item):
                tasks[position] = asyncio.ensure_future(item)
        if not tasks:
            return items
        try:
            await asyncio.wait(tasks.values())
        except asyncio.CancelledError:
            for task in tasks.values():
                task.cancel()
            await asyncio.wait(tasks.values())
            raise
        return tuple(tasks[at].result() if at in tasks else item for at, item in enumerate(items))

    async def _drive(self, steps: AsyncGenerator[object, object]) -> object:
        reply: object = None
        error: BaseException | None = None
        try:
            while True:
                async with self.lock:
                    wanted = await (steps.asend(reply) if error is None else steps.athrow(error))
                reply, error = None, None
                try:
                    reply = await self.settle(wanted)
                except BaseException as raised:  # also a cancellation belongs to the step that yielded
                    error = raised
        except Return as returned:
            return returned.value
        except StopAsyncIteration:
            return None


def _lists_form(method: Callable[..., object]) -> Callable[..., object]:
    """The form of an extensible method that takes a list of arguments; AttributeError for any other method."""
    if isinstance(method, ExtensibleMethod):
        return method.call_with_lists
    raise AttributeError(
        f"'function' object has no attribute 'call_with_lists': {method!r} takes no batch, decorate it with "
        f"@xo.extensible"
    )


async def _completed(result: object) -> object:
    """Await what a coroutine method returned: this part of the message is under the lock."""
    if asyncio.iscoroutine(result) and not isinstance(result, Generator):
        return await result
    if isinstance(result, Generator):
        raise TypeError(
            "object generator can't be used in 'await' expression: a method that yields values to its caller is "
            "decorated with @xo.generator"
        )
    return result
