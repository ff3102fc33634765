"""Exception groups for Python 3.10, which has none: the constructor, attributes and methods of PEP 654.

Why not the package `exceptiongroup` where it is installed: the class that a program catches would depend on what else
is installed beside it. Whoever catches groups of both kinds on 3.10 names both classes.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Grouped_co = TypeVar("Grouped_co", bound=BaseException, covariant=True)
Condition = type[BaseException] | tuple[type[BaseException], ...] | Callable[[BaseException], bool]


class BaseExceptionGroup(BaseException, Generic[Grouped_co]):
    """Several exceptions raised as one; an `ExceptionGroup` when all of them are `Exception`.

    `TypeError` when `exceptions` is not a sequence, or a plain `ExceptionGroup` is asked to hold a `BaseException`;
    `ValueError` when it is empty or holds something else than exceptions.
    """

    message: str
    exceptions: tuple[Grouped_co, ...]

    def __new__(cls, message: str, exceptions: Sequence[Grouped_co]) -> BaseExceptionGroup[Grouped_co]:
        """Check the parts, and choose `ExceptionGroup` where it fits."""
        if not isinstance(message, str):
            raise TypeError(f"the message of an exception group is a string, not {message!r}")
        if not isinstance(exceptions, Sequence):
            raise TypeError(f"the parts of an exception group are a sequence, not {exceptions!r}")
        if not exceptions:
            raise ValueError("an exception group holds at least one exception")
        for part in exceptions:
            if not isinstance(part, BaseException):
                raise ValueError(f"an exception group holds exceptions only, not {part!r}")
        plain = all(isinstance(part, Exception) for part in exceptions)
        kind = ExceptionGroup if cls is BaseExceptionGroup and plain else cls
        if not plain and issubclass(cls, Exception):
            raise TypeError(f"{cls.__name__} holds nothing that is not an Exception: use BaseExceptionGroup")
        group = super().__new__(kind, message, exceptions)
        group.message = message
        group.exceptions = tuple(exceptions)
        return group

    def __init__(self, message: str, exceptions: Sequence[Grouped_co], *more: object) -> None:
        """Keep the arguments as `args`."""
        super().__init__(message, exceptions, *more)

    def __str__(self) -> str:
        """The message and the parts: an interpreter that knows no groups prints nothing else of them."""
        count = len(self.exceptions)
        lines = [f"{self.message} ({count} sub-exception{'s' if count > 1 else ''})"]
        for number, part in enumerate(self.exceptions, 1):
            said = "".join(traceback.format_exception_only(type(part), part)).strip()
            lines.append(f"  {number}. " + said.replace("\n", "\n     "))
        return "\n".join(lines)

    def __repr__(self) -> str:
        """As the builtin one."""
        return f"{type(self).__name__}({self.message!r}, {list(self.exceptions)!r})"

    def derive(self, exceptions: Sequence[BaseException]) -> BaseExceptionGroup[BaseException]:
        """A group of the same message with other parts; a subclass overrides it to make its own kind."""
        return BaseExceptionGroup(self.message, exceptions)

    def subgroup(self, condition: Condition) -> BaseExceptionGroup[BaseException] | None:
        """The group of those parts that fit, nested as they are here, or None."""
        return self.split(condition)[0]

    def split(
        self, condition: Condition
    ) -> tuple[BaseExceptionGroup[BaseException] | None, BaseExceptionGroup[BaseException] | None]:
        """The group of those that fit and the group of the rest; `condition` is a type, types, or a predicate."""
        fits = _predicate(condition)
        if fits(self):
            return self, None
        matching: list[BaseException] = []
        rest: list[BaseException] = []
        for part in self.exceptions:
            if isinstance(part, BaseExceptionGroup):
                inner, outer = part.split(condition)
                matching += [inner] if inner is not None else []
                rest += [outer] if outer is not None else []
            else:
                (matching if fits(part) else rest).append(part)
        return self._derived(matching), self._derived(rest)

    def _derived(self, parts: list[BaseException]) -> BaseExceptionGroup[BaseException] | None:
        if not parts:
            return None
        group = self.derive(parts).with_traceback(self.__traceback__)
        group.__cause__, group.__context__ = self.__cause__, self.__context__
        group.__suppress_context__ = self.__suppress_context__
        return group


class ExceptionGroup(BaseExceptionGroup[Grouped_co], Exception):  # noqa: N818  # the name of PEP 654
    """A group of exceptions none of which is a bare `BaseException`; `except Exception` catches it."""


def _predicate(condition: Condition) -> Callable[[BaseException], bool]:
    if isinstance(condition, (type, tuple)):
        kinds = condition
        return lambda error: isinstance(error, kinds)
    if callable(condition):
        return condition
    raise TypeError(f"expected an exception type, a tuple of them, or a function, not {condition!r}")
