"""What tasks do from step to step: awaits one after another, and cancellations that are swallowed."""

from __future__ import annotations

import ast
import asyncio
import asyncio.events
import itertools
import weakref
from collections.abc import Callable
from types import CodeType, FrameType

from conclint_runtime.guard.counts.sites import OFTEN
from conclint_runtime.guard.failures.shapes import returned_from_block
from conclint_runtime.guard.places import Place, Stack, place_of
from conclint_runtime.guard.report import Report
from conclint_runtime.guard.settings import Settings
from conclint_runtime.guard.sight import Sight, undone
from conclint_runtime.guard.source import around, loop_around, names_in, tree

Task = asyncio.Task[object]
Run = Callable[[asyncio.events.Handle], None]


class _Steps:
    """What is remembered of a task: at which awaits of its coroutines it was suspended, and on what."""

    def __init__(self) -> None:
        self.awaited: dict[tuple[CodeType, int], tuple[weakref.ref[object], int]] = {}
        self.last: dict[int, tuple[Place, int]] = {}


class Awaits:
    """The observer of the steps of tasks."""

    name = "awaits"

    def __init__(self) -> None:
        self._sight: Sight | None = None
        self._steps: weakref.WeakKeyDictionary[Task, _Steps] = weakref.WeakKeyDictionary()
        self._said: set[tuple[str, Place]] = set()

    def install(self, report: Report, settings: Settings, /) -> None:
        """Look at each task before and after a step."""
        sight = self._sight = Sight(report, settings)
        original: Run = asyncio.events.Handle._run
        sight.patches.put(asyncio.events.Handle, "_run", self._stepping(sight, original))

    def uninstall(self) -> None:
        """Put everything back."""
        undone(self._sight)

    def at_end(self, _: Report, /) -> None:
        """Nothing: each was reported as it was seen."""

    def _stepping(self, sight: Sight, original: Run) -> Run:
        def _run(handle: asyncio.events.Handle) -> None:
            task: object = getattr(getattr(handle, "_callback", None), "__self__", None)
            if not isinstance(task, asyncio.Task):
                original(handle)
                return
            stood = _suspended(sight, task) if _is_being_cancelled(task) else None
            original(handle)
            if task.done():
                self._steps.pop(task, None)
                return
            with sight.shared.own_work():
                now = _suspended(sight, task)
                if stood and now and stood[0][0] == now[0][0]:
                    self._went_on(sight, now)
                self._look(sight, task, now)

        return _run

    def _went_on(self, sight: Sight, now: list[tuple[Place, FrameType, object]]) -> None:
        place = now[0][0]
        handler = _swallowing_handler(place)
        if handler is not None:
            stack = (Place(place.file, handler.lineno, place.function), *(each[0] for each in now))
            said = "a task was cancelled, and waits at the same place again: the cancellation was swallowed"
            sight.say("CON207", said, stack)

    def _look(self, sight: Sight, task: Task, now: list[tuple[Place, FrameType, object]]) -> None:
        """Compare where the task's coroutines are suspended with where they were."""
        if not now:
            return
        steps = self._steps.setdefault(task, _Steps())
        for number, (place, frame, awaited) in enumerate(now):
            if awaited is None or not hasattr(awaited, "cr_code"):
                continue
            key = (frame.f_code, frame.f_lasti)
            before, times = steps.awaited.get(key, (None, 0))
            if before is not None and before() is awaited:
                continue
            steps.awaited[key] = (weakref.ref(awaited), times + 1)
            stack = tuple(each[0] for each in now[number:])
            self._outlives(sight, awaited, stack)
            if times + 1 >= OFTEN and ("CON206", place) not in self._said and _single_await_in_loop(place):
                self._said.add(("CON206", place))
                said = "calls that do not depend on each other are awaited one after the other, once for each item"
                sight.say("CON206", said, stack, certainty="likely", count=times + 1)
            self._after(sight, steps, frame, stack)

    def _outlives(self, sight: Sight, awaited: object, stack: Stack) -> None:
        """Look whether a plain function has made the awaited coroutine inside a block, and has left that since."""
        made = sight.scope.of_entries(getattr(awaited, "cr_origin", None) or ())
        if made and ("CON224", made[0]) not in self._said and returned_from_block(made[0]):
            self._said.add(("CON224", made[0]))
            said = "a coroutine waits for the first time after the block that it was made in was left"
            sight.say("CON224", said, (*made, *stack), certainty="likely")

    def _after(self, sight: Sight, steps: _Steps, frame: FrameType, stack: Stack) -> None:
        """Look whether this await follows another one that it does not depend on."""
        place = stack[0]
        last = steps.last.get(id(frame))
        steps.last[id(frame)] = (place, frame.f_lasti)
        if last is None or last[0] == place or ("CON205", place) in self._said:
            return
        if independent(last[0], place):
            self._said.add(("CON205", place))
            said = "two awaits that do not depend on each other wait one after the other"
            sight.say("CON205", said, (place, last[0], *stack[1:]), certainty="likely")


def _suspended(sight: Sight, task: Task) -> list[tuple[Place, FrameType, object]]:
    """The program's coroutines that a task is suspended in, innermost first, each with what it awaits."""
    found: list[tuple[Place, FrameType, object]] = []
    coroutine: object = task.get_coro()
    while coroutine is not None and len(found) < 16:
        frame: FrameType | None = getattr(coroutine, "cr_frame", None)
        if frame is None:
            break
        awaited: object = getattr(coroutine, "cr_await", None)
        if sight.scope.is_user(frame):
            found.append((place_of(frame), frame, awaited))
        coroutine = awaited
    found.reverse()
    return found


def _is_being_cancelled(task: Task) -> bool:
    """Whether the step that comes delivers a cancellation."""
    if getattr(task, "_must_cancel", False):
        return True
    waiter: object = getattr(task, "_fut_waiter", None)
    return isinstance(waiter, asyncio.Future) and waiter.cancelled()


def _swallowing_handler(place: Place) -> ast.ExceptHandler | None:
    """The handler inside a loop that the await at this place is under."""
    handler: ast.ExceptHandler | None = None
    for statement in around(place.file, place.line):
        if handler is None and isinstance(statement, ast.Try) and statement.handlers:
            handler = statement.handlers[0]
        elif handler is not None and isinstance(statement, ast.While | ast.For | ast.AsyncFor):
            return handler
    return None


def _single_await_in_loop(place: Place) -> bool:
    """Whether the await is all that a `for` loop or a comprehension does."""
    loop = loop_around(place.file, place.line)
    if isinstance(loop, ast.For):
        return len(loop.body) == 1 and bool(names_in(loop.target) & names_in(loop.body[0]))
    return isinstance(loop, ast.ListComp) and isinstance(loop.elt, ast.Await)


def independent(first: Place, second: Place) -> bool:
    """Whether two places are adjacent statements `name = await call(…)` that share no name but plain functions."""
    if first.file != second.file or first.function != second.function:
        return False
    for block in _blocks(first.file):
        for one, two in itertools.pairwise(block):
            if one.lineno == first.line and two.lineno == second.line:
                return _share_nothing(one, two)
    return False


def _blocks(file: str) -> list[list[ast.stmt]]:
    root = tree(file)
    bodies = (getattr(node, "body", None) for node in ast.walk(root)) if root is not None else ()
    return [body for body in bodies if isinstance(body, list)]


def _share_nothing(one: ast.stmt, two: ast.stmt) -> bool:
    if _is_plain_await(one) and _is_plain_await(two):
        return True
    assigned = all(isinstance(each, ast.Assign) and isinstance(each.value, ast.Await) for each in (one, two))
    if not assigned:
        return False
    functions = {
        each.func.id for each in ast.walk(two) if isinstance(each, ast.Call) and isinstance(each.func, ast.Name)
    }
    return not (names_in(one) & names_in(two)) - functions


def _is_plain_await(statement: ast.stmt) -> bool:
    """Whether the statement awaits a function that it gives constants alone, two of which say nothing to each other."""
    call = statement.value.value if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Await) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        return False
    return bool(call.args) and all(isinstance(each, ast.Constant) for each in call.args)
