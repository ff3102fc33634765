"""Time limits that cannot do their work: begun before their block, over before it, or around what never awaits."""

from __future__ import annotations

import ast
import asyncio
import asyncio.events
import math
import time
import weakref
from collections.abc import Callable
from types import ModuleType

from conclint_runtime.guard.libraries import ANYIO_ON_ASYNCIO, TRIO, Libraries
from conclint_runtime.guard.loops import running_loop
from conclint_runtime.guard.places import Place, Stack, here, outwards
from conclint_runtime.guard.report import Report
from conclint_runtime.guard.settings import Settings
from conclint_runtime.guard.sight import Function, Sight, undone
from conclint_runtime.guard.source import around, last_name

_LIMITS = ("timeout", "timeout_at", "fail_after", "fail_at", "move_on_after", "move_on_at", "CancelScope")
_SUSPENDS = (ast.Await, ast.AsyncFor, ast.AsyncWith, ast.Yield, ast.YieldFrom)
_MADE = "_conclint_guard_made"
_Clock = Callable[[], float]


class Deadlines:
    """The observer of `asyncio.timeout`, `asyncio.timeout_at`, and the scopes of anyio and trio."""

    name = "deadlines"

    def __init__(self) -> None:
        self._sight: Sight | None = None
        self._libraries: Libraries | None = None
        self._began = 0.0
        # When and where each limit was entered whose block never awaits, by identity: the scopes of trio have no hash.
        self._deaf: dict[int, tuple[float, Stack]] = {}

    def install(self, report: Report, settings: Settings, /) -> None:
        """Look at where limits are made, entered and left."""
        sight = self._sight = Sight(report, settings)
        self._began = time.monotonic()
        kind: object = getattr(asyncio, "Timeout", None)
        if isinstance(kind, type):
            sight.wrap(kind, "__init__", self._made)
            sight.wrap(kind, "__aenter__", self._enters(_loop_time))
            sight.wrap(kind, "__aexit__", self._leaves)
        self._libraries = Libraries({ANYIO_ON_ASYNCIO: self._anyio_arrived, TRIO: self._trio_arrived})
        self._libraries.install()

    def uninstall(self) -> None:
        """Put everything back."""
        if self._libraries is not None:
            self._libraries.uninstall()
        undone(self._sight)

    def at_end(self, _: Report, /) -> None:
        """Nothing: each was reported as it was entered or left."""

    def _anyio_arrived(self, module: ModuleType) -> None:
        self._watch_scopes(getattr(module, "CancelScope", None), _loop_time)

    def _trio_arrived(self, module: ModuleType) -> None:
        clock: _Clock | None = getattr(module, "current_time", None)
        if clock is not None:
            self._watch_scopes(getattr(module, "CancelScope", None), clock)

    def _watch_scopes(self, kind: object, clock: _Clock) -> None:
        if self._sight is not None and isinstance(kind, type):
            self._sight.wrap(kind, "__enter__", self._enters(clock))
            self._sight.wrap(kind, "__exit__", self._leaves)

    def _made(self, original: Function) -> Function:
        def init(limit: object, *arguments: object, **keywords: object) -> object:
            sight = self._sight
            frame = sight.caller() if sight is not None else None
            if sight is not None and frame is not None and frame.f_code.co_name == "timeout":
                setattr(limit, _MADE, (_turn(), sight.stack()))
            return original(limit, *arguments, **keywords)

        return init

    def _enters(self, clock: _Clock) -> Callable[[Function], Function]:
        def make(original: Function) -> Function:
            def enter(limit: object) -> object:
                sight = self._sight
                # The scopes of trio have a deadline from then on.
                entered = original(limit)
                deadline = _deadline(limit)
                if sight is not None and deadline is not None:
                    with sight.shared.own_work():
                        self._entered(sight, limit, deadline, clock)
                return entered

            return enter

        return make

    def _entered(self, sight: Sight, limit: object, deadline: float, clock: _Clock) -> None:
        stack = sight.stack()
        now = clock()
        made: tuple[weakref.ref[object] | None, Stack] = getattr(limit, _MADE, (None, ()))
        turn = _turn()
        if made[0] is not None and turn is not None and made[0]() is not turn():
            said = "a timeout was made in one step of its task and entered in a later one: its time ran in between"
            sight.say("CON257", said, (*made[1], *stack))
        elif deadline < now - (time.monotonic() - self._began):
            said = "a time limit was entered whose deadline lies before the program began"
            sight.say("CON258", said, stack, detail=f"deadline {deadline:g}, the clock shows {now:g}")
        if stack and _is_deaf(stack[0]):
            self._deaf[id(limit)] = (time.monotonic(), stack)

    def _leaves(self, original: Function) -> Function:
        def leave(limit: object, *error: object) -> object:
            since, stack = self._deaf.pop(id(limit), (0.0, ()))
            if self._sight is not None and stack and error[:1] == (None,):
                said = "a time limit was entered and left with no await between: it had no chance to end what ran"
                self._sight.say("CON232", said, stack, seconds=time.monotonic() - since)
            return original(limit, *error)

        return leave


def _loop_time() -> float:
    loop = running_loop()
    return loop.time() if loop is not None else math.nan


def _deadline(limit: object) -> float | None:
    """When the limit is over, as its own clock has it; None where it has no end."""
    when: object = limit.when() if hasattr(limit, "when") else getattr(limit, "deadline", None)
    return float(when) if isinstance(when, int | float) and math.isfinite(when) else None


def _turn() -> weakref.ref[object] | None:
    """The handle that the loop of asyncio runs now: another one for each step of a task. None on other loops."""
    for frame in outwards(here()):
        # By name, for other observers have put theirs before the method.
        if frame.f_code.co_name == "_run" and frame.f_code.co_filename == asyncio.events.__file__:
            return weakref.ref(frame.f_locals["self"])
    return None


def _is_deaf(place: Place) -> bool:
    """Whether the line opens a block under a time limit that calls something and has no await."""
    block = next(iter(around(place.file, place.line)), None)
    if not isinstance(block, ast.With | ast.AsyncWith) or place.line > (block.items[-1].context_expr.end_lineno or 0):
        return False
    # Another context manager of the same statement may await, and asynchronous ones do.
    item = block.items[0].context_expr
    if len(block.items) > 1 or not isinstance(item, ast.Call) or last_name(item.func) not in _LIMITS:
        return False
    inside = [node for statement in block.body for node in ast.walk(statement)]
    return any(isinstance(node, ast.Call) for node in inside) and not any(
        isinstance(node, _SUSPENDS) for node in inside
    )
