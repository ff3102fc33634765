"""What an observer works with: the report that it adds to, the places of the program, the attributes that it
replaces."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import FrameType

from conclint_runtime.guard.loops import loop_stack
from conclint_runtime.guard.patching import Patches, heirs, patchable
from conclint_runtime.guard.places import Stack, here
from conclint_runtime.guard.report import Certainty, Report
from conclint_runtime.guard.settings import Settings

Function = Callable[..., object]


class Sight:
    """One observer's view while the guard is on."""

    def __init__(self, report: Report, settings: Settings) -> None:
        self.report = report
        self.settings = settings
        self.scope = settings.scope
        self.shared = settings.shared
        self.patches = Patches()

    def wrap(self, owner: object, name: str, make: Callable[[Function], Function]) -> None:
        """Put `make(original)` in the place of a function or method; nothing where this Python has none of that
        name."""
        original: object = getattr(owner, name, None)
        if not callable(original) or not patchable(owner):
            return
        for heir in heirs(owner, name):
            self.wrap(heir, name, make)
        replacement = make(original)
        functools.update_wrapper(replacement, original)
        if inspect.iscoroutinefunction(original) and not inspect.iscoroutinefunction(replacement):
            _mark_coroutine_function(replacement)
        self.patches.put(owner, name, replacement)

    def note_made(self, kind: type) -> None:
        """Note where the instances of a class are made."""

        def make(original: Function) -> Function:
            def init(made: object, *arguments: object, **keywords: object) -> object:
                self.shared.started(made, self.stack())
                return original(made, *arguments, **keywords)

            return init

        self.wrap(kind, "__init__", make)

    def wrap_loops(self, name: str, make: Callable[[Function], Function]) -> None:
        """The same for a method of event loops: asyncio's, and uvloop's from when that is imported."""
        from asyncio import BaseEventLoop

        self.wrap(BaseEventLoop, name, make)
        self.shared.when_uvloop(lambda loop: self.wrap(loop, name, make))

    def caller(self, depth: int = 1) -> FrameType | None:
        """The frame that called what is replaced: the nearest that is not this package's."""
        return self.scope.caller(here(depth))

    def called_by_program(self, depth: int = 1) -> FrameType | None:
        """That frame, where it is the program's own; None where a library made the call."""
        frame = self.scope.caller(here(depth))
        return frame if frame is not None and self.scope.is_user(frame) else None

    def stack(self, depth: int = 1) -> Stack:
        """The program's frames, innermost first; on an event loop those of the task, or where the task was started."""
        with self.shared.own_work():
            found = loop_stack(self.scope, here(depth))
            return found or self._task_origin() or self.scope.stack(here(depth))

    def _task_origin(self) -> Stack:
        from asyncio import current_task

        try:
            task = current_task()
        except RuntimeError:
            return ()
        return self.shared.origin(task) if task is not None else ()

    def say(
        self,
        code: str,
        message: str,
        stack: Stack,
        *,
        certainty: Certainty = "certain",
        seconds: float = 0.0,
        detail: str = "",
        count: int = 1,
    ) -> None:
        """Report a witness; nothing where no frame of the program's has to do with it."""
        if stack:
            self.report.say(code, message, stack, certainty=certainty, seconds=seconds, detail=detail, count=count)


def _mark_coroutine_function(function: Function) -> None:
    """Let a plain function that returns a coroutine be taken for what it stands for."""
    mark: Callable[[Function], object] | None = getattr(inspect, "markcoroutinefunction", None)
    if mark is not None:
        mark(function)
    else:  # before Python 3.12 asyncio has a mark of its own
        import asyncio.coroutines

        vars(function)["_is_coroutine"] = vars(asyncio.coroutines).get("_is_coroutine")


def undone(sight: Sight | None) -> None:
    """Put back what an observer has replaced, if it has begun."""
    if sight is not None:
        sight.patches.undo()
