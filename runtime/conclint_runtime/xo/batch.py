"""Methods that take many calls in one message: `@extensible`, `.delay(...)`, `.batch(...)`.

Source: xoscar's user guide, "Batch". The calls of a batch run under one hold of the actor's lock.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import namedtuple
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import overload

from conclint_runtime.xo.locking import is_unlocked, no_lock

ArgsList = Sequence[tuple[object, ...]]
KwargsList = Sequence[dict[str, object]]


@dataclass(frozen=True, slots=True)
class Delayed:
    """One call that has been written down to become part of a batch."""

    method: str
    args: tuple[object, ...]
    kwargs: dict[str, object]


class ExtensibleMethod:
    """An extensible method bound to its actor: called singly, or with lists of arguments.

    Where the single form raises NotImplementedError the batch form is called with one call; where no batch form was
    registered the calls are made one by one (async ones together).
    """

    def __init__(
        self,
        single: Callable[..., object],
        batched: Callable[[ArgsList, KwargsList], object] | None,
        signature: inspect.Signature,
    ) -> None:
        self._single = single
        self._batched = batched
        self._signature = signature
        self._is_async = asyncio.iscoroutinefunction(single)
        self.__name__ = signature_name(single)

    def __call__(self, *args: object, **kwargs: object) -> object:
        return self._one_async(args, kwargs) if self._is_async else self._one(args, kwargs)

    def _one(self, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        try:
            return self._single(*args, **kwargs)
        except NotImplementedError:
            if self._batched is None:
                raise
        return _first(self._batched([args], [kwargs]))

    async def _one_async(self, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        try:
            return await _awaitable(self._single(*args, **kwargs))
        except NotImplementedError:
            if self._batched is None:
                raise
        return _first(await _awaitable(self._batched([args], [kwargs])))

    def delay(self, *args: object, **kwargs: object) -> Delayed:
        """Write one call down; nothing runs."""
        return Delayed(self.__name__, args, kwargs)

    def batch(self, *delays: Delayed) -> object:
        """Make the calls that were written down; returns their results in order (awaitable if the method is async)."""
        return self.call_with_lists([each.args for each in delays], [each.kwargs for each in delays])

    def call_with_lists(self, args_list: ArgsList, kwargs_list: KwargsList) -> object:
        """Make one call for each pair of positional and keyword arguments."""
        if self._is_async:
            return self._many_async(args_list, kwargs_list)
        if not args_list:
            return []
        if self._batched is not None:
            return self._batched(args_list, kwargs_list)
        return [self._single(*args, **kwargs) for args, kwargs in zip(args_list, kwargs_list)]

    async def _many_async(self, args_list: ArgsList, kwargs_list: KwargsList) -> object:
        if not args_list:
            return []
        if len(args_list) == 1:  # the single form is the cheaper one
            return [await self._one_async(args_list[0], kwargs_list[0])]
        if self._batched is not None:
            return await _awaitable(self._batched(args_list, kwargs_list))
        calls = [_awaitable(self._single(*args, **kwargs)) for args, kwargs in zip(args_list, kwargs_list)]
        return await asyncio.gather(*calls)

    def bind(self, *args: object, **kwargs: object) -> tuple[object, ...]:
        """Return the arguments of one call as a named tuple, defaults filled in: for use in a batch form.

        Raises:
            TypeError: the arguments do not fit the method's parameters.
        """
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        kind = namedtuple(f"{self.__name__}_arguments", list(bound.arguments))  # type: ignore[misc]  # names of the call
        made: tuple[object, ...] = kind(*bound.arguments.values())
        return made


class Extensible:
    """The descriptor that `@extensible` puts in the place of a method."""

    def __init__(self, single: Callable[..., object]) -> None:
        self._single = single
        self._batched: Callable[..., object] | None = None
        self.__name__ = signature_name(single)
        self.__doc__ = single.__doc__
        parameters = list(inspect.signature(single).parameters.values())
        self._signature = inspect.Signature(parameters[1:])  # without `self`

    def batch(self, batched: Callable[..., object]) -> Extensible:
        """Register the batch form: it takes the list of positional and the list of keyword arguments."""
        self._batched = batched
        return self

    @overload
    def __get__(self, actor: None, owner: type) -> Callable[..., object]: ...

    @overload
    def __get__(self, actor: object, owner: type) -> ExtensibleMethod: ...

    def __get__(self, actor: object | None, owner: type) -> Callable[..., object] | ExtensibleMethod:
        if actor is None:
            return self._single
        batched = None if self._batched is None else self._batched.__get__(actor, owner)
        bound = ExtensibleMethod(self._single.__get__(actor, owner), batched, self._signature)
        return no_lock(bound) if is_unlocked(self._single) or is_unlocked(self._batched) else bound


def extensible(method: Callable[..., object]) -> Extensible:
    """Make an actor's method take batches; `@method.batch` registers a faster form for many calls at once."""
    return Extensible(method)


def signature_name(function: Callable[..., object]) -> str:
    """Return the name under which a reference asks for the method."""
    return getattr(function, "__name__", type(function).__name__)


def _first(results: object) -> object:
    """The result of a batch of one; a batch form that returns nothing returns nothing for each call."""
    return results[0] if isinstance(results, Sequence) else None


def _awaitable(value: object) -> Awaitable[object]:
    assert inspect.isawaitable(value)
    return value
