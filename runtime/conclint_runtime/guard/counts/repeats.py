"""What is made, started or run anew in each turn of a loop."""

from __future__ import annotations

import ast
import asyncio
import concurrent.futures
import multiprocessing.pool
import multiprocessing.process
import threading
from collections.abc import Callable
from types import CodeType

from conclint_runtime.guard.counts.sites import Sites
from conclint_runtime.guard.fate import attribute_after
from conclint_runtime.guard.places import Place, Stack
from conclint_runtime.guard.report import Report
from conclint_runtime.guard.settings import Settings
from conclint_runtime.guard.sight import Function, Sight, undone
from conclint_runtime.guard.source import around


class Repeats:
    """The observer of loops, pools, and pairs of start and wait, by place."""

    name = "repeats"

    def __init__(self) -> None:
        self._sight: Sight | None = None
        # What each thread has started last, and where.
        self._polls: dict[tuple[int, int], tuple[CodeType, ast.While | None]] = {}
        self._started: dict[int, tuple[int, Stack]] = {}

    def install(self, report: Report, settings: Settings, /) -> None:
        """Count at what makes, starts and runs."""
        sight = self._sight = Sight(report, settings)
        self._sites = Sites(sight)
        sight.wrap(asyncio, "run", self._counted("CON221", "an event loop is made and closed in each turn of a loop"))
        made = self._counted("CON309", "a pool is made, and its workers are started, in each turn of a loop")
        for pool in (concurrent.futures.ThreadPoolExecutor, concurrent.futures.ProcessPoolExecutor):
            sight.wrap(pool, "__init__", made)
            sight.wrap(pool, "submit", self._submitted)
        sight.wrap(multiprocessing.pool.Pool, "__init__", made)
        sight.wrap(asyncio, "sleep", self._slept)
        for kind in (threading.Thread, multiprocessing.process.BaseProcess):
            sight.wrap(kind, "start", self._starting)
            sight.wrap(kind, "join", self._joining)

    def uninstall(self) -> None:
        """Put everything back."""
        undone(self._sight)

    def at_end(self, _: Report, /) -> None:
        """Nothing: counts are reported as they grow."""

    def _counted(self, code: str, message: str) -> Callable[[Function], Function]:
        def make(original: Function) -> Function:
            def call(*arguments: object, **keywords: object) -> object:
                if self._sight is not None and self._sight.called_by_program() is not None:
                    self._sites.count(code, message, self._sight.stack())
                return original(*arguments, **keywords)

            return call

        return make

    def _submitted(self, original: Function) -> Function:
        def submit(*arguments: object, **keywords: object) -> object:
            frame = self._sight.called_by_program() if self._sight is not None else None
            if frame is not None and self._sight is not None and attribute_after(frame) == "result":
                said = "each job is waited for before the next is submitted: the pool never has two"
                self._sites.count("CON311", said, self._sight.scope.stack(frame))
            return original(*arguments, **keywords)

        return submit

    def _slept(self, original: Function) -> Function:
        def sleep(*arguments: object, **keywords: object) -> object:
            frame = self._sight.called_by_program() if self._sight is not None else None
            if frame is not None and self._sight is not None:
                # By identity, with the code kept: to hash a code object means to hash all that it holds.
                known = self._polls.get((id(frame.f_code), frame.f_lasti))
                if known is None:
                    with self._sight.shared.own_work():
                        known = (frame.f_code, polls(self._sight.scope.stack(frame)[:1]))
                    self._polls[id(frame.f_code), frame.f_lasti] = known
                loop = known[1]
                if loop is not None:
                    stack = self._sight.scope.stack(frame)
                    said = "a coroutine wakes up again and again to look whether a value has changed"
                    line = Place(stack[0].file, loop.lineno, stack[0].function)
                    self._sites.count("CON222", said, stack, line)
            return original(*arguments, **keywords)

        return sleep

    def _starting(self, original: Function) -> Function:
        def start(thing: object) -> object:
            if self._sight is not None and self._sight.called_by_program() is not None:
                self._started[threading.get_ident()] = (id(thing), self._sight.stack())
            return original(thing)

        return start

    def _joining(self, original: Function) -> Function:
        def join(thing: object, timeout: float | None = None) -> object:
            done = original(thing, timeout)
            sight = self._sight
            if sight is not None and sight.called_by_program() is not None:
                last, started = self._started.pop(threading.get_ident(), (0, ()))
                if last == id(thing):
                    said = "each is started and waited for before the next is started: never two run at once"
                    self._sites.count("CON410", said, (*started[:1], *sight.stack()))
            return done

        return join


def polls(stack: Stack) -> ast.While | None:
    """The `while` whose test asks plain values alone, and whose only statement is the innermost place."""
    for statement in around(stack[0].file, stack[0].line) if stack else ():
        if isinstance(statement, ast.While):
            asks = any(isinstance(each, ast.Call) for each in ast.walk(statement.test))
            constant = isinstance(statement.test, ast.Constant)
            return statement if len(statement.body) == 1 and not asks and not constant else None
    return None
