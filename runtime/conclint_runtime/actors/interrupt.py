"""Raising KeyboardInterrupt in another thread's Python code, and in nothing but its code."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from conclint_runtime.actors.calls import Call

F = TypeVar("F", bound=Callable[..., object])


class Interruptible:
    """The stretch of a thread's work in which it runs a task's function; other threads may interrupt that.

    The interrupt arrives at the thread's next byte code: a call that blocks in C is not cut short. It could arrive in
    the middle of the runtime's own work (a task submits another one, say) and leave that half done, so the runtime's
    functions hold it off while they run: it is raised when they return.
    Source: the C API reference, `PyThreadState_SetAsyncExc`.
    """

    __slots__ = ("_asked", "_held", "_ident", "_lock", "_open")

    def __init__(self) -> None:
        self._ident = threading.get_ident()
        self._lock = threading.Lock()
        self._open = True
        self._held = 0
        self._asked = False

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in the thread, unless the stretch has ended."""
        with self._lock:
            if not self._open:
                return
            self._asked = True
            if self._held == 0:
                _set_pending(self._ident, KeyboardInterrupt)

    def close(self) -> None:
        """End the stretch; an interrupt that was not delivered is taken back. One may still arrive in here.

        To be called by the thread itself.
        """
        with self._lock:
            self._open = False
            if self._asked:
                _take_back(self._ident)

    @contextmanager
    def held(self) -> Generator[None, None, None]:
        """Hold an interrupt off until the block has ended. One that was on its way arrives before it begins."""
        with self._lock:
            self._held += 1
        try:
            yield
        finally:
            with self._lock:
                self._held -= 1
                due = self._asked and self._open and self._held == 0
            if due:
                raise KeyboardInterrupt


def uninterrupted(function: F) -> F:
    """Function decorator, for what the runtime does on behalf of a task: no interrupt arrives inside."""
    from conclint_runtime.actors.calls import CURRENT

    @wraps(function)
    def run(*args: object, **kwargs: object) -> object:
        call: Call | None = CURRENT.get()
        if call is None or call.stretch is None:
            return function(*args, **kwargs)
        with call.stretch.held():
            return function(*args, **kwargs)

    return cast("F", run)


class _TakenBack(BaseException):
    """Arrives in the place of an interrupt, at once and where it is expected."""


def _take_back(ident: int) -> None:
    """Leave the current thread without a pending exception.

    Until Python 3.12, the interpreter keeps looking for an exception that was replaced by none: every thread is slower
    from then on, and in 3.11 a thread that is traced never leaves the beginning of a function. Only one that arrives
    ends that.
    """
    if sys.version_info >= (3, 13):
        _set_pending(ident, None)
        return
    try:
        _set_pending(ident, _TakenBack)
        while True:  # ended by the exception, which arrives at the next jump at the latest
            pass
    except _TakenBack:
        return


def _set_pending(ident: int, error: type[BaseException] | None) -> None:
    import ctypes

    pending = None if error is None else ctypes.py_object(error)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), pending)
