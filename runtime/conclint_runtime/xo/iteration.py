"""Generators of actors, iterated from outside: `@generator` and what the caller gets.

Source: xoscar's user guide, "Generator". Each step is a message to the actor, so it waits for the lock like any other.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from conclint_runtime.xo import addresses

if TYPE_CHECKING:
    from conclint_runtime.xo.actor import StatelessActor
    from conclint_runtime.xo.references import Result

logger = logging.getLogger(__name__)

A = TypeVar("A", bound="StatelessActor")
P = ParamSpec("P")

Iterated = Generator[object, None, object] | AsyncGenerator[object, None]


class Ended:
    """What a step returns in place of a value when the generator has ended."""

    __slots__ = ()


class IteratorWrapper(AsyncIterator["Result"]):
    """The caller's end of an actor's generator: `async for value in await ref.method()`.

    A generator that is not read to its end is forgotten by its actor when this is garbage-collected, or at once by
    `destroy`.
    """

    __slots__ = ("_address", "_owned", "_uid", "iteration")

    def __init__(self, iteration: str, address: str, uid: bytes) -> None:
        self.iteration = iteration
        self._address = address
        self._uid = uid
        self._owned = True

    def __aiter__(self) -> IteratorWrapper:
        return self

    async def __anext__(self) -> Result:
        from conclint_runtime.xo.references import reference

        value = await reference(self._address, self._uid).__xoscar_next__(self.iteration)
        if isinstance(value, Ended):
            self._owned = False
            raise StopAsyncIteration
        return value

    async def destroy(self) -> None:
        """Make the actor forget the generator."""
        from conclint_runtime.xo.references import reference

        self._owned = False
        await reference(self._address, self._uid).__xoscar_destroy_generator__(self.iteration)

    def __getstate__(self) -> tuple[str, str, bytes]:
        self._owned = False  # whoever unpickles it owns the generator from now on
        return self.iteration, self._address, self._uid

    def __setstate__(self, state: tuple[str, str, bytes]) -> None:
        self.iteration, self._address, self._uid = state
        self._owned = True

    def __del__(self) -> None:
        if getattr(self, "_owned", False):
            addresses.forget_generator(self._address, self._uid, self.iteration)


def generator(
    method: Callable[Concatenate[A, P], object],
) -> Callable[Concatenate[A, P], Coroutine[object, object, Result]]:
    """Let a method hand out what it yields: the caller gets an `IteratorWrapper`.

    A plain generator is made and stepped in a thread, an async one on the actor's loop. A method that returns something
    else than a generator is an ordinary one.
    """
    in_thread = not asyncio.iscoroutinefunction(method) and not inspect.isasyncgenfunction(method)

    @functools.wraps(method)
    async def call(actor: A, /, *args: P.args, **kwargs: P.kwargs) -> Result:
        made = await asyncio.to_thread(method, actor, *args, **kwargs) if in_thread else method(actor, *args, **kwargs)
        if inspect.iscoroutine(made):
            made = await made
        if not isinstance(made, Generator | AsyncGenerator):
            return made
        iteration = uuid.uuid4().hex
        actor._generators[iteration] = made
        return IteratorWrapper(iteration, actor.address, actor.uid)

    return call


async def advance(generators: dict[str, Iterated], iteration: str) -> object:
    """Return the next value of one of an actor's generators, or `Ended`; forget it when it ends or raises.

    Raises:
        RuntimeError: the actor knows no such generator (any more).
    """
    steps = generators.get(iteration)
    if steps is None:
        raise RuntimeError(f"No iterator with id: {iteration}")
    try:
        value = await _step(steps)
    except Exception:
        logger.debug("generator %s is forgotten: it raised", iteration)
        generators.pop(iteration, None)
        raise
    if isinstance(value, Ended):
        generators.pop(iteration, None)
    return value


async def _step(steps: Iterated) -> object:
    if isinstance(steps, AsyncGenerator):
        try:
            return await steps.__anext__()
        except StopAsyncIteration:
            return Ended()
    # StopIteration cannot come out of a future, so the thread turns it into a value.
    return await asyncio.to_thread(next, steps, Ended())
