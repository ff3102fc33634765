"""Attributes that are put in the place of others for a while, and put back to the very objects that were there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_ABSENT: Final = object()
_HEAP_TYPE, _IMMUTABLE_TYPE = 1 << 9, 1 << 8


class Patches:
    """What one observer has replaced, in order."""

    def __init__(self) -> None:
        self._done: list[tuple[object, str, object]] = []

    def put(self, owner: object, name: str, new: object) -> object:
        """Put `new` where `owner.name` is.

        What a class merely inherits is put on the class itself, and taken off it again.

        Returns:
            What `owner.name` was, unbound.

        Raises:
            TypeError: the owner is a type of the interpreter, which cannot be changed.
        """
        old: object = getattr(owner, name, None)
        before: object = vars(owner).get(name, _ABSENT)
        setattr(owner, name, new)
        self._done.append((owner, name, before))
        return old

    def undo(self) -> None:
        """Put everything back, last first; one that fails keeps none of the others from it.

        Raises:
            Exception: the first that putting back raised, after all were tried.
        """
        failure: Exception | None = None
        while self._done:
            owner, name, before = self._done.pop()
            try:
                if before is _ABSENT:
                    delattr(owner, name)
                else:
                    setattr(owner, name, before)
            except Exception as error:
                failure = failure or error
        if failure is not None:
            raise failure


def patchable(owner: object) -> bool:
    """Whether attributes of the module or class can be replaced."""
    if not isinstance(owner, type):
        return True
    return bool(owner.__flags__ & _HEAP_TYPE) and not owner.__flags__ & _IMMUTABLE_TYPE


def heirs(owner: object, name: str) -> Iterator[type]:
    """The subclasses of this package that have the method themselves: what is put on their base does not reach them."""
    below: list[type] = owner.__subclasses__() if isinstance(owner, type) and owner is not object else []
    for each in below:
        if each.__module__.startswith("conclint_runtime.") and name in vars(each):
            yield each
