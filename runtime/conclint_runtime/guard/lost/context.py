"""Context variables that do not reach the thread in which they are read."""

from __future__ import annotations

import concurrent.futures
import contextvars
import sys
import threading
from collections.abc import Callable
from types import FrameType

from conclint_runtime.guard.places import Stack
from conclint_runtime.guard.report import Report
from conclint_runtime.guard.settings import Settings
from conclint_runtime.guard.sight import Function, Sight, undone

# Set by the interpreter itself.
_LIBRARY = frozenset(("decimal_context",))


class LostContext:
    """The observer of jobs and threads that read a variable which is set where they were started, and not where they
    run.

    A job is looked at (by a profile function on its thread, which makes its calls several times slower) only where its
    starter's context has variables at all.
    """

    name = "context"

    def __init__(self) -> None:
        self._sight: Sight | None = None

    def install(self, report: Report, settings: Settings, /) -> None:
        """Look at what is submitted, and at the threads that are started."""
        sight = self._sight = Sight(report, settings)
        if getattr(sys.flags, "thread_inherit_context", False):
            return
        sight.wrap(concurrent.futures.ThreadPoolExecutor, "submit", self._submitted)
        sight.wrap(threading.Thread, "start", self._started)

    def uninstall(self) -> None:
        """Put everything back."""
        undone(self._sight)

    def at_end(self, _: Report, /) -> None:
        """Nothing: each read was reported as it was made."""

    def _submitted(self, original: Function) -> Function:
        def submit(pool: object, fn: Callable[..., object], /, *arguments: object, **keywords: object) -> object:
            context = _context()
            if context is not None and self._sight is not None:
                fn = _Watched(fn, context, self._sight, self._sight.stack())
            return original(pool, fn, *arguments, **keywords)

        return submit

    def _started(self, original: Function) -> Function:
        def start(thread: threading.Thread) -> object:
            context = _context()
            # Pools start their workers from whatever thread submits first.
            if context is not None and self._sight is not None and self._sight.called_by_program() is not None:
                vars(thread)["run"] = _Watched(thread.run, context, self._sight, self._sight.stack())
            return original(thread)

        return start


def _context() -> contextvars.Context | None:
    """A copy of the current context, if the program has set anything in it."""
    context = contextvars.copy_context()
    return context if any(variable.name not in _LIBRARY for variable in context) else None


class _Watched:
    """A callable that is profiled while it runs on another thread."""

    def __init__(
        self, function: Callable[..., object], context: contextvars.Context, sight: Sight, origin: Stack
    ) -> None:
        self._function, self._context, self._sight, self._origin = function, context, sight, origin
        self.__wrapped__ = function

    def __call__(self, *arguments: object, **keywords: object) -> object:
        if sys.getprofile() is not None:
            return self._function(*arguments, **keywords)
        sys.setprofile(self._look)
        try:
            return self._function(*arguments, **keywords)
        finally:
            sys.setprofile(None)

    def _look(self, frame: FrameType, event: str, called: object) -> None:
        if event != "c_call":
            return
        variable: object = getattr(called, "__self__", None)
        if not isinstance(variable, contextvars.ContextVar) or getattr(called, "__name__", "") != "get":
            return
        if variable in self._context and variable not in contextvars.copy_context():
            said = f"the context variable `{variable.name}` is read in a thread that its value was not handed to"
            stack = self._sight.scope.stack(frame)
            self._sight.say("CON230", said, (*self._origin, *stack))
