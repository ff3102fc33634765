"""Ray's errors as the errors of `conclint_runtime.exceptions`, so that a program's `except` clauses hold on either."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from conclint_runtime import exceptions
from conclint_runtime.backends.installed import library

_CALLED = re.compile(r"ray::(.+?)\(")


class _TaskError(exceptions.RayTaskError):
    """A task's error that keeps the text that Ray gave it, with the traceback of the other process."""

    def __init__(self, text: str, cause: BaseException) -> None:
        called = _CALLED.search(text)
        super().__init__(called.group(1) if called else "a remote call", text, cause)
        self.text = text

    def __str__(self) -> str:
        return self.text

    def __reduce__(self) -> tuple[type[_TaskError], tuple[str, BaseException]]:
        return _TaskError, (self.text, self.cause)


@contextmanager
def translating() -> Iterator[None]:
    """Raise what Ray raises in the block as our own error of the same name."""
    try:
        yield
    except library("ray").exceptions.RayError as error:
        # Not `from error`: the text is the same, and the other is in the way of whoever reads the traceback.
        raise translated(error).with_traceback(error.__traceback__) from None


def translated(error: BaseException) -> BaseException:
    """Return our error for one of Ray's; anything else is returned as it is.

    An error that crossed several processes is the innermost one: a task that fails because a task that it called
    failed raised our own error already.
    """
    theirs = library("ray").exceptions
    if not isinstance(error, theirs.RayError):
        return error
    if isinstance(error, theirs.RayTaskError):
        cause: BaseException = translated(error.cause)
        return (
            cause if isinstance(cause, exceptions.RayTaskError) else _TaskError(str(error), cause).as_instanceof_cause()
        )
    kind = next((ours for each in type(error).__mro__ if (ours := _namesake(each)) is not None), exceptions.RayError)
    if issubclass(kind, exceptions.TaskCancelledError):
        return kind(None, str(error))
    return kind(str(error))


def _namesake(theirs: type) -> type[exceptions.RayError] | None:
    ours = getattr(exceptions, theirs.__name__, None)
    return ours if isinstance(ours, type) and issubclass(ours, exceptions.RayError) else None
