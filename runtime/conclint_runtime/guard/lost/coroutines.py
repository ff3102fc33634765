"""Coroutines that nobody awaited."""

from __future__ import annotations

import ast
import asyncio
import atexit
import concurrent.futures
import gc
import inspect
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Coroutine
from types import CodeType

from conclint_runtime.guard.places import Place, Stack, here
from conclint_runtime.guard.report import Report
from conclint_runtime.guard.settings import Settings
from conclint_runtime.guard.sight import Function, Sight, undone
from conclint_runtime.guard.source import calls_at, last_name

# How many frames a coroutine remembers of where it was made: each costs at every coroutine, and the program's own frame
# is among the first.
_DEPTH = 4


class LostCoroutines:
    """The observer of coroutines that are collected without having been awaited."""

    name = "coroutines"

    def __init__(self) -> None:
        self._sight: Sight | None = None
        self._depth = 0
        # Where a coroutine function was handed to something that calls plain functions.
        self._handed: dict[CodeType, Stack] = {}

    def install(self, report: Report, settings: Settings, /) -> None:
        """Let coroutines remember where they were made, and look at those that are lost."""
        sight = self._sight = Sight(report, settings)
        self._depth = sys.get_coroutine_origin_tracking_depth()
        sys.set_coroutine_origin_tracking_depth(max(_DEPTH, self._depth))
        sight.wrap(warnings, "_warn_unawaited_coroutine", self._unawaited)
        sight.wrap_loops("run_forever", self._tracked)
        for owner, name, position, keyword in _CALLERS:
            if owner is asyncio.BaseEventLoop:
                sight.wrap_loops(name, self._noting(position, keyword))
            else:
                sight.wrap(owner, name, self._noting(position, keyword))

    def uninstall(self) -> None:
        """Put everything back."""
        undone(self._sight)
        if self._sight is not None:
            sys.set_coroutine_origin_tracking_depth(self._depth)

    def at_end(self, _: Report, /) -> None:
        """Report those that are kept and never began."""
        for each in gc.get_objects() if self._sight is not None else ():
            if inspect.iscoroutine(each) and inspect.getcoroutinestate(each) == inspect.CORO_CREATED:
                if self._sight is not None and self._sight.scope.owner(each.cr_code.co_filename) == "user":
                    self._lost(self._sight, each)

    def _tracked(self, original: Function) -> Function:
        def run_forever(loop: object) -> object:
            # The depth is each thread's own.
            before = sys.get_coroutine_origin_tracking_depth()
            sys.set_coroutine_origin_tracking_depth(max(_DEPTH, before))
            try:
                return original(loop)
            finally:
                sys.set_coroutine_origin_tracking_depth(before)

        return run_forever

    def _unawaited(self, original: Function) -> Function:
        def warn(coroutine: Coroutine[object, object, object]) -> object:
            sight = self._sight
            if sight is not None:
                with sight.shared.own_work():
                    self._lost(sight, coroutine)
            return original(coroutine)

        return warn

    def _lost(self, sight: Sight, coroutine: Coroutine[object, object, object]) -> None:
        code: CodeType | None = getattr(coroutine, "cr_code", None)
        origin: tuple[tuple[str, int, str], ...] = getattr(coroutine, "cr_origin", None) or ()
        name = getattr(coroutine, "__qualname__", "a coroutine")
        handed = self._handed.get(code) if code is not None else None
        by_program = bool(origin) and sight.scope.owner(origin[0][0]) == "user"
        stack = sight.scope.of_entries(origin)
        if handed is not None and not by_program:
            said = f"`{name}` was called as a plain function: what it gave was dropped, and its body never ran"
            sight.say("CON204", said, handed)
        elif code is not None and sight.scope.owner(code.co_filename) in ("guard", "runtime"):
            sight.say("CON701", f"the call of `{name}` was not awaited: the message was never sent", stack)
        elif stack and _used_as_value(stack[0], name.rpartition(".")[2]):
            said = f"the coroutine of `{name}` was used in the place of its result, and never awaited"
            sight.say("CON203", said, stack)
        else:
            if not stack and code is not None and sight.scope.owner(code.co_filename) == "user":
                stack = (Place(code.co_filename, code.co_firstlineno, code.co_name),)
            sight.say("CON201", f"the coroutine of `{name}` was never awaited: its body never ran", stack)

    def _noting(self, position: int, keyword: str) -> Callable[[Function], Function]:
        def make(original: Function) -> Function:
            def call(*arguments: object, **keywords: object) -> object:
                given = arguments[position] if len(arguments) > position else keywords.get(keyword)
                code: object = getattr(given, "__code__", None)
                if isinstance(code, CodeType) and code.co_flags & inspect.CO_COROUTINE and self._sight is not None:
                    stack = self._sight.scope.stack(here())
                    if stack:
                        self._handed[code] = stack
                return original(*arguments, **keywords)

            return call

        return make


# What calls a plain function: owner, name, and where the function stands among the arguments.
_CALLERS: tuple[tuple[object, str, int, str], ...] = (
    (asyncio.BaseEventLoop, "call_soon", 1, "callback"),
    (asyncio.BaseEventLoop, "call_soon_threadsafe", 1, "callback"),
    (asyncio.BaseEventLoop, "call_later", 2, "callback"),
    (asyncio.BaseEventLoop, "call_at", 2, "callback"),
    (asyncio.BaseEventLoop, "run_in_executor", 2, "func"),
    (asyncio, "to_thread", 0, "func"),
    (concurrent.futures.ThreadPoolExecutor, "submit", 1, "fn"),
    (concurrent.futures.Future, "add_done_callback", 1, "fn"),
    (threading.Thread, "__init__", 2, "target"),
    (threading.Timer, "__init__", 2, "function"),
    (signal, "signal", 1, "handler"),
    (atexit, "register", 0, "func"),
)


def _used_as_value(place: Place, name: str) -> bool:
    """Whether a call of that name on the line is tested, compared, formatted, iterated, or asked for an attribute."""
    for call, chain in calls_at(place.file, place.line):
        if last_name(call.func) != name or not chain:
            continue
        outer = chain[0]
        tested = isinstance(outer, ast.If | ast.While | ast.IfExp | ast.Assert) and outer.test is call
        iterated = isinstance(outer, ast.For | ast.comprehension) and outer.iter is call
        value = isinstance(
            outer, ast.BoolOp | ast.UnaryOp | ast.BinOp | ast.Compare | ast.FormattedValue | ast.Subscript
        )
        if tested or iterated or value or isinstance(outer, ast.Attribute):
            return True
    return False
