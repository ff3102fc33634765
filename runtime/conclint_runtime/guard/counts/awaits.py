"""What tasks do from step to step: awaits one after another, and cancellations that are swallowed."""

from __future__ import annotations

import ast
import asyncio
import asyncio.events
import itertools
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType, FrameType

from conclint_runtime.guard.counts.sites import OFTEN
from conclint_runtime.guard.failures.shapes import returned_from_block
from conclint_runtime.guard.places import Place, Stack, place_of
from conclint_runtime.guard.report import Report
from conclint_runtime.guard.settings import Settings
from conclint_runtime.guard.sight import Sight, undone
from conclint_runtime.guard.source import around, loop_around, names_in, tree

Task = asyncio.Task[object]
_DEEPEST = 16
Run = Callable[[asyncio.events.Handle], None]


# A code object and an offset, the code by identity: to hash one means to hash all that it holds.
_Key = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Await:
    """What the source says of one await: its place, whether it is all that a loop over items does, and the line of the
    await before it that it does not depend on, or behind it that does not depend on it (0: there is none)."""

    code: CodeType
    place: Place
    alone_in_loop: bool
    follows: int
    leads: int

    @property
    def tells(self) -> bool:
        """Whether it matters how the await goes."""
        return self.alone_in_loop or self.follows > 0 or self.leads > 0


class _Steps:
    """What is remembered of a task: on what its coroutines were suspended, how often, and at which line before."""

    def __init__(self) -> None:
        self.awaited: dict[_Key, tuple[weakref.ref[object], int]] = {}
        self.lines: dict[int, int] = {}


class Awaits:
    """The observer of the steps of tasks."""

    name = "awaits"

    def __init__(self) -> None:
        self._sight: Sight | None = None
        self._steps: weakref.WeakKeyDictionary[Task, _Steps] = weakref.WeakKeyDictionary()
        # What the source says of each await, and where coroutines were made that have been looked at.
        self._awaits: dict[_Key, _Await] = {}
        self._made: set[tuple[str, int, str]] = set()

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
            if stood is not None:
                with sight.shared.own_work():
                    now = _suspended(sight, task)
                    if stood and now and stood[0] == now[0]:
                        self._went_on(sight, now)
            self._look(sight, task)

        return _run

    def _went_on(self, sight: Sight, now: Stack) -> None:
        place = now[0]
        handler = _swallowing_handler(place)
        if handler is not None:
            stack = (Place(place.file, handler.lineno, place.function), *now)
            said = "a task was cancelled, and waits at the same place again: the cancellation was swallowed"
            sight.say("CON207", said, stack)

    def _look(self, sight: Sight, task: Task) -> None:
        """Look at the awaits that the task's coroutines are suspended in, outermost first."""
        coroutine: object = task.get_coro()
        for _ in range(_DEEPEST):
            frame: FrameType | None = getattr(coroutine, "cr_frame", None)
            awaited: object = getattr(coroutine, "cr_await", None)
            if frame is None or awaited is None or not hasattr(awaited, "cr_code"):
                return
            key = (id(frame.f_code), frame.f_lasti)
            known = self._awaits.get(key)
            if known is None:
                with sight.shared.own_work():
                    known = self._awaits[key] = _read(sight, frame)
            if known.place.line:
                self._outlives(sight, awaited, known)
                if known.tells:
                    self._count(sight, task, key, frame, awaited, known)
            coroutine = awaited

    def _count(self, sight: Sight, task: Task, key: _Key, frame: FrameType, awaited: object, known: _Await) -> None:
        steps = self._steps.setdefault(task, _Steps())
        before, times = steps.awaited.get(key, (None, 0))
        if before is not None and before() is awaited:
            return
        steps.awaited[key] = (weakref.ref(awaited), times + 1)
        place = known.place
        if known.alone_in_loop and times + 1 == OFTEN:
            said = "calls that do not depend on each other are awaited one after the other, once for each item"
            sight.say("CON206", said, _suspended(sight, task, place), certainty="likely", count=OFTEN)
        if known.follows and steps.lines.get(id(frame)) == known.follows:
            said = "two awaits that do not depend on each other wait one after the other"
            first = Place(place.file, known.follows, place.function)
            sight.say("CON205", said, (place, first, *_suspended(sight, task, place)), certainty="likely")
        steps.lines[id(frame)] = place.line

    def _outlives(self, sight: Sight, awaited: object, known: _Await) -> None:
        """Look whether a plain function has made the awaited coroutine inside a block, and has left that since."""
        origin: tuple[tuple[str, int, str], ...] = getattr(awaited, "cr_origin", None) or ()
        if not origin or origin[0] in self._made:
            return
        self._made.add(origin[0])
        with sight.shared.own_work():
            made = sight.scope.of_entries(origin)
            if made and returned_from_block(made[0]):
                said = "a coroutine waits for the first time after the block that it was made in was left"
                sight.say("CON224", said, (*made, known.place), certainty="likely")


def _read(sight: Sight, frame: FrameType) -> _Await:
    """What the source says of the await that a frame is in; a place without a line where it is not the program's."""
    if not sight.scope.is_user(frame):
        return _Await(frame.f_code, Place("", 0, ""), False, 0, 0)
    place = place_of(frame)
    return _Await(frame.f_code, place, _single_await_in_loop(place), *neighbours(place))


def _suspended(sight: Sight, task: Task, until: Place | None = None) -> Stack:
    """The places of the program's coroutines that a task is suspended in, innermost first, or from `until` outwards."""
    found: list[Place] = []
    coroutine: object = task.get_coro()
    while coroutine is not None and len(found) < _DEEPEST:
        frame: FrameType | None = getattr(coroutine, "cr_frame", None)
        if frame is None:
            break
        if sight.scope.is_user(frame):
            found.append(place_of(frame))
            if found[-1] == until:
                break
        coroutine = getattr(coroutine, "cr_await", None)
    return tuple(reversed(found))


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


def neighbours(place: Place) -> tuple[int, int]:
    """The lines of the statements before and behind the one at this place, where both await and share nothing; else
    0."""
    root = tree(place.file)
    before = behind = 0
    for node in ast.walk(root) if root is not None else ():
        body: object = getattr(node, "body", None)
        if not isinstance(body, list):
            continue
        for one, two in itertools.pairwise(body):
            if isinstance(two, ast.stmt) and place.line in (one.lineno, two.lineno) and _share_nothing(one, two):
                before = one.lineno if two.lineno == place.line else before
                behind = two.lineno if one.lineno == place.line else behind
    return before, behind


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
