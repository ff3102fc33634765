"""Threads, timers and processes that are given what they cannot use, run where they should start, or wait by
spinning."""

from __future__ import annotations

import ast
import asyncio
import concurrent.futures
import multiprocessing.process
import sched
import sys
import threading
from collections.abc import Callable, Iterable
from types import FrameType

from conclint_runtime.guard.lost.generators import in_cleanup
from conclint_runtime.guard.monitor import Monitor
from conclint_runtime.guard.places import Place, Scope, Stack, place_of
from conclint_runtime.guard.report import Report
from conclint_runtime.guard.settings import Settings
from conclint_runtime.guard.sight import Function, Sight, undone
from conclint_runtime.guard.source import argument_calls, around

# How many looks in a row must find a thread in the same empty loop.
_LOOKS = 3


class Threads:
    """The observer of how threads and processes are made, run and left."""

    name = "threads"

    def __init__(self) -> None:
        self._sight: Sight | None = None

    def install(self, report: Report, settings: Settings, /) -> None:
        """Look at arguments, at `run`, and at what the end of the program leaves."""
        sight = self._sight = Sight(report, settings)
        for kind in (threading.Thread, multiprocessing.process.BaseProcess):
            sight.wrap(kind, "__init__", self._given("__init__", 2, 4, "target", "args"))
            sight.wrap(kind, "run", self._run)
        sight.wrap(threading.Timer, "__init__", self._given("__init__", 2, 3, "function", "args"))
        sight.wrap(sched.scheduler, "enterabs", self._given("enterabs", 3, 4, "action", "argument"))
        for pool in (concurrent.futures.ThreadPoolExecutor, concurrent.futures.ProcessPoolExecutor):
            sight.wrap(pool, "submit", self._given("submit", 1, None, "fn", ""))
        for name, position in (("call_later", 2), ("call_at", 2)):
            sight.wrap_loops(name, self._given(name, position, None, "callback", ""))
        sight.wrap(asyncio, "to_thread", self._given("to_thread", 0, None, "func", "", code="CON237"))
        sight.wrap_loops("run_in_executor", self._given("run_in_executor", 2, None, "func", "", code="CON237"))
        sight.wrap(threading, "_shutdown", self._leaving)

    def uninstall(self) -> None:
        """Put everything back."""
        undone(self._sight)

    def at_end(self, _: Report, /) -> None:
        """Nothing: each was reported when it was seen."""

    def _given(
        self,
        callee: str,
        target: int,
        arguments: int | None,
        target_name: str,
        arguments_name: str,
        *,
        code: str = "CON308",
    ) -> Callable[[Function], Function]:
        def make(original: Function) -> Function:
            def call(*given: object, **keywords: object) -> object:
                sight = self._sight
                function, named = _argument(given, keywords, target, target_name)
                if sight is not None and named and not callable(function):
                    stack = sight.stack()
                    with sight.shared.own_work():
                        if stack and _is_call(stack[0], callee, target_name):
                            said = f"a function was called, and what it gave handed over in its place: {function!r:.60}"
                            sight.say(code, said, stack)
                if sight is not None and arguments is not None:
                    values, there = _argument(given, keywords, arguments, arguments_name)
                    if there and (isinstance(values, str) or not isinstance(values, Iterable | None)):
                        said = (
                            f"the arguments are {values!r:.60} and no tuple: each part of it becomes one, or none does"
                        )
                        sight.say("CON511", said, sight.stack())
                return original(*given, **keywords)

            return call

        return make

    def _run(self, original: Function) -> Function:
        def run(thing: object) -> object:
            sight = self._sight
            if sight is not None and sight.called_by_program() is not None and not _was_started(thing):
                said = "`run` was called and not `start`: it runs here, and nothing else does meanwhile"
                sight.say("CON402", said, sight.stack())
            return original(thing)

        return run

    def _leaving(self, original: Function) -> Function:
        def shutdown() -> object:
            sight = self._sight
            frames = sys._current_frames()
            for thread in threading.enumerate() if sight is not None else ():
                frame = frames.get(thread.ident or 0)
                if thread.daemon and thread.is_alive() and sight is not None:
                    with sight.shared.own_work():
                        self._left(sight, thread, frame)
            return original()

        return shutdown

    def _left(self, sight: Sight, thread: threading.Thread, frame: FrameType | None) -> None:
        stack = sight.scope.stack(frame)
        inside = [place for place in stack if in_cleanup(place)]
        if inside:
            said = "the program ends while this daemon thread is inside a block that cleans up: the cleanup never runs"
            sight.say("CON519", said, (*inside, *sight.shared.origin(thread)))


def _argument(given: tuple[object, ...], keywords: dict[str, object], position: int, name: str) -> tuple[object, bool]:
    """The argument at a position or of a name, and whether it was given at all."""
    if name in keywords:
        return keywords[name], True
    return (given[position], True) if position < len(given) else (None, False)


def _is_call(place: Place, callee: str, keyword: str) -> bool:
    """Whether the line hands the result of a call over where a function belongs."""
    names = (
        (callee, "Thread", "Process", "Timer", "enter", "enterabs") if callee in ("__init__", "enterabs") else (callee,)
    )
    return any(name in ("", keyword) for each in names for name, _ in argument_calls(place.file, place.line, each))


def _was_started(thing: object) -> bool:
    if isinstance(thing, threading.Thread):
        return thing.ident is not None
    return isinstance(thing, multiprocessing.process.BaseProcess) and thing.pid is not None


class BusyWaits:
    """The observer of threads that wait by asking again and again: seen by looking at them, at an interval.

    It looks only once the program has started a thread: somebody else must change what is asked for.
    """

    name = "busy waits"

    def __init__(self) -> None:
        self._sight: Sight | None = None
        self._monitor: Monitor | None = None
        self._spinning: dict[int, tuple[int, int]] = {}
        self._threads = 0

    def install(self, report: Report, settings: Settings, /) -> None:
        """Begin to look when a thread is started."""
        sight = self._sight = Sight(report, settings)
        self._monitor = Monitor(settings.step, self._look)
        sight.wrap(threading.Thread, "start", self._started)

    def uninstall(self) -> None:
        """End the monitor and put everything back."""
        undone(self._sight)
        if self._monitor is not None:
            self._monitor.stop()

    def at_end(self, _: Report, /) -> None:
        """Nothing: each was reported when it was seen."""

    def _started(self, original: Function) -> Function:
        def start(thread: threading.Thread) -> object:
            done = original(thread)
            if self._monitor is not None:
                self._monitor.start()
            return done

        return start

    def _look(self) -> None:
        sight, monitor = self._sight, self._monitor
        if sight is None or monitor is None:
            return
        for thread, frame in sys._current_frames().items():
            if thread == monitor.thread or not sight.scope.is_user(frame):
                self._spinning.pop(thread, None)
                continue
            before, times = self._spinning.get(thread, (0, 0))
            times = times + 1 if before == id(frame) else 1
            self._spinning[thread] = (id(frame), times)
            if times == _LOOKS:
                place = place_of(frame)
                loop = _empty_loop(place)
                if loop is not None:
                    said = "a thread asks for a value again and again, and takes the processor from who sets it"
                    line = Place(place.file, loop.lineno, place.function)
                    sight.say("CON509", said, _led(line, sight.scope, frame))


def _led(place: Place, scope: Scope, frame: FrameType) -> Stack:
    stack = scope.stack(frame)
    return stack if stack and stack[0] == place else (place, *stack)


def _empty_loop(place: Place) -> ast.While | None:
    """The `while` at this place that does nothing but ask a plain value."""
    for statement in around(place.file, place.line):
        if isinstance(statement, ast.While):
            empty = all(isinstance(each, ast.Pass | ast.Continue) for each in statement.body)
            asks = any(isinstance(each, ast.Call) for each in ast.walk(statement.test))
            return statement if empty and not asks else None
    return None
