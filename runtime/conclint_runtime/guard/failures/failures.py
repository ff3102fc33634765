"""Exceptions that reach the end of a program, a thread, a task, a job or a callback."""

from __future__ import annotations

import asyncio
import concurrent.futures
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping

from conclint_runtime.guard.failures.shapes import Failure, decorated, hooks, memoised
from conclint_runtime.guard.failures.texts import meaning
from conclint_runtime.guard.places import Place, Scope, Stack, tracebacks
from conclint_runtime.guard.report import Report
from conclint_runtime.guard.settings import Settings
from conclint_runtime.guard.sight import Function, Sight, undone


def _nothing(_: Stack) -> Stack:
    return ()


# Where the culprit is not the line that fails but a definition: how it is found from there.
_DEFINITIONS: Mapping[str, Callable[[Stack], Stack]] = {
    "CON225": memoised,
    "CON602": decorated,
    "CON630": decorated,
    "CON707": hooks,
}
_SEEN = "_seen_by_conclint_guard"
_DEEPEST = 8


class Failures:
    """The observer of exceptions that nobody handles on the way."""

    name = "failures"

    def __init__(self) -> None:
        self._sight: Sight | None = None

    def install(self, report: Report, settings: Settings, /) -> None:
        """Look at what the hooks for unhandled exceptions, tasks and futures get."""
        sight = self._sight = Sight(report, settings)
        sight.wrap(sys, "excepthook", self._hook(lambda arguments: arguments[1]))
        sight.wrap(sys, "unraisablehook", self._hook(lambda arguments: getattr(arguments[0], "exc_value", None)))
        sight.wrap(threading, "excepthook", self._in_thread(sight))
        sight.wrap(concurrent.futures.Future, "set_exception", self._in_job(sight))
        sight.wrap_loops("call_exception_handler", self._in_callback)
        settings.shared.task_ended.append(self._task_ended)
        settings.shared.call_failed.append(self.ended_by)

    def uninstall(self) -> None:
        """Put everything back."""
        undone(self._sight)

    def at_end(self, _: Report, /) -> None:
        """Nothing: each was reported as it came."""

    def ended_by(self, error: object, origin: Stack = (), *, callback: bool = False, gathered: bool = False) -> None:
        """Report what the exception, or one inside it, means."""
        sight = self._sight
        if sight is None or not isinstance(error, BaseException):
            return
        with sight.shared.own_work():
            for each in _inside(error):
                if vars(each).get(_SEEN):
                    continue
                stack = (*_told(sight.scope, each), *sight.scope.traceback_stack(each.__traceback__))
                found = meaning(Failure(each, stack, origin, sight.scope, callback, gathered))
                if found is not None and (stack or origin):
                    vars(each)[_SEEN] = True
                    both = (*stack, *(place for place in origin if place not in stack))
                    if found.code == "CON219":
                        both = (*both, *sight.shared.origin(_raiser(each)))
                    both = (*both, *_DEFINITIONS.get(found.code, _nothing)(stack))
                    said = " ".join(str(each).split())[:200]
                    sight.say(found.code, found.says, both, detail=f"{type(each).__name__}: {said}")

    def _hook(self, error_of: Callable[[tuple[object, ...]], object]) -> Callable[[Function], Function]:
        def make(original: Function) -> Function:
            def hook(*arguments: object) -> object:
                self.ended_by(error_of(arguments))
                return original(*arguments)

            return hook

        return make

    def _in_thread(self, sight: Sight) -> Callable[[Function], Function]:
        def make(original: Function) -> Function:
            def hook(ended: threading.ExceptHookArgs) -> object:
                self.ended_by(ended.exc_value, sight.shared.origin(ended.thread))
                return original(ended)

            return hook

        return make

    def _in_job(self, sight: Sight) -> Callable[[Function], Function]:
        def make(original: Function) -> Function:
            def set_exception(future: object, error: object) -> object:
                self.ended_by(error, sight.shared.origin(future))
                return original(future, error)

            return set_exception

        return make

    def _in_callback(self, original: Function) -> Function:
        def call_exception_handler(loop: object, context: Mapping[str, object]) -> object:
            callback = "future" not in context and "task" not in context and "handle" in context
            self.ended_by(context.get("exception"), callback=callback)
            return original(loop, context)

        return call_exception_handler

    def _task_ended(self, task: asyncio.Future[object]) -> None:
        # Asking `exception()` would mark it as read, and the loss of an exception is for others to see.
        error: object = getattr(task, "_exception", None)
        if error is not None and self._sight is not None:
            shared = self._sight.shared
            self.ended_by(error, shared.origin(task), gathered=task in shared.gathered)


def _inside(error: BaseException) -> Iterator[BaseException]:
    """The exception, those of a group, and what they were raised from."""
    todo = [error]
    for _ in range(_DEEPEST):
        if not todo:
            return
        each = todo.pop(0)
        yield each
        todo.extend(getattr(each, "exceptions", ()))
        if each.__cause__ is not None:
            todo.append(each.__cause__)


def _raiser(error: BaseException) -> object:
    """The object in whose method the error was raised."""
    steps = tuple(tracebacks(error.__traceback__))
    return steps[-1].tb_frame.f_locals.get("self") if steps else None


_LINE = re.compile(r'File "([^"\n]+)", line (\d+), in (\S+)')


def _told(scope: Scope, error: BaseException) -> Stack:
    """The places that the text of the error tells: an error that comes from another thread or process brings its
    traceback as text."""
    found = [Place(file, int(line), function) for file, line, function in _LINE.findall(str(error))]
    return tuple(place for place in reversed(found) if scope.owner(place.file) == "user")
