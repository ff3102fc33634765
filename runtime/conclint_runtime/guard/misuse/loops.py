"""Objects of an event loop that are used where they do not exclude, or from where they must not be."""

from __future__ import annotations

import ast
import asyncio
import threading
import weakref
from types import FrameType

from conclint_runtime.guard.fate import after
from conclint_runtime.guard.lost.tasks import being_cancelled
from conclint_runtime.guard.places import Place, Stack
from conclint_runtime.guard.report import Report
from conclint_runtime.guard.settings import Settings
from conclint_runtime.guard.sight import Function, Sight, undone
from conclint_runtime.guard.source import around

_ENTERS = frozenset(("BEFORE_ASYNC_WITH", "BEFORE_WITH", "SETUP_WITH", "COPY", "LOAD_SPECIAL"))


class LoopObjects:
    """The observer of loops that other threads touch, and of locks that each caller makes anew."""

    name = "loop objects"

    def __init__(self) -> None:
        self._sight: Sight | None = None
        # By place: the locks that were made there and are alive.
        self._made: dict[Place, weakref.WeakSet[object]] = {}

    def install(self, report: Report, settings: Settings, /) -> None:
        """Look at what puts something on a loop, and at the locks that are made."""
        sight = self._sight = Sight(report, settings)
        for name in ("call_soon", "call_at"):
            sight.wrap_loops(name, self._on_its_thread)
        for kind in (asyncio.Lock, asyncio.Semaphore, threading.Semaphore):
            sight.wrap(kind, "__init__", self._made_here)
        sight.wrap(getattr(asyncio, "TaskGroup", object), "__aexit__", self._leaving)
        sight.wrap(asyncio, "get_event_loop", self._asked)
        for name in ("sleep", "gather", "wait", "wait_for", "shield", "as_completed"):
            sight.wrap(asyncio, name, self._removed_argument)
        for name in ("Lock", "Event", "Condition", "Semaphore", "Queue"):
            sight.wrap(getattr(asyncio, name), "__init__", self._removed_argument)
            sight.note_made(getattr(asyncio, name))

    def uninstall(self) -> None:
        """Put everything back."""
        undone(self._sight)

    def at_end(self, _: Report, /) -> None:
        """Nothing: each was reported when it was seen."""

    def _on_its_thread(self, original: Function) -> Function:
        def call(loop: object, *arguments: object, **keywords: object) -> object:
            owner: int | None = getattr(loop, "_thread_id", None)
            if owner is not None and owner != threading.get_ident() and self._sight is not None:
                said = (
                    "an object of an event loop was touched from another thread: the loop may sleep on, or be corrupted"
                )
                self._sight.say("CON218", said, self._sight.scope.stack(self._sight.caller()))
            return original(loop, *arguments, **keywords)

        return call

    def _made_here(self, original: Function) -> Function:
        def init(lock: object, *arguments: object, **keywords: object) -> object:
            done = original(lock, *arguments, **keywords)
            sight = self._sight
            frame = sight.called_by_program() if sight is not None else None
            if frame is not None and sight is not None:
                with sight.shared.own_work():
                    stack = sight.scope.stack(frame)
                    inline = bool(_ENTERS.intersection(after(frame)[:2]))
                    if inline or _used_only_here(stack[0]):
                        self._count(sight, lock, stack)
            return done

        return init

    def _count(self, sight: Sight, lock: object, stack: Stack) -> None:
        alive = self._made.setdefault(stack[0], weakref.WeakSet())
        alive.add(lock)
        if len(alive) > 1:
            said = f"{len(alive)} callers hold {len(alive)} locks that each made for itself: they exclude nobody"
            sight.say("CON217", said, stack)

    def _leaving(self, original: Function) -> Function:
        async def leave(group: object, *error: object) -> object:
            sight = self._sight
            started: set[asyncio.Task[object]] = getattr(group, "_tasks", set())
            tasks = [task for task in started if not task.done() and not being_cancelled(task)]
            if sight is not None and tasks and error and error[0] is None:
                frame = sight.called_by_program()
                line = _jump_before(frame) if frame is not None else 0
                if frame is not None and line:
                    place = Place(frame.f_code.co_filename, line, frame.f_code.co_name)
                    said = f"the block of a task group was left by a jump, which waits for {len(tasks)} tasks first"
                    sight.say("CON234", said, (place, *sight.scope.stack(frame)), count=len(tasks))
            return await _awaited(original(group, *error))

        return leave

    def _removed_argument(self, original: Function) -> Function:
        def call(*arguments: object, **keywords: object) -> object:
            if "loop" in keywords and self._sight is not None and self._sight.called_by_program() is not None:
                said = "the argument `loop`, which Python has removed, was given"
                self._sight.say("CON220", said, self._sight.stack())
            return original(*arguments, **keywords)

        return call

    def _asked(self, original: Function) -> Function:
        def get_event_loop() -> object:
            sight = self._sight
            if sight is not None and sight.called_by_program() is not None and _no_loop_runs():
                said = "the current event loop was asked for where none runs: newer Pythons raise, older ones make one"
                sight.say("CON220", said, sight.stack())
            return original()

        return get_event_loop


async def _awaited(thing: object) -> object:
    return await thing  # type: ignore[misc]  # what an original coroutine function returned


def _no_loop_runs() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return True
    return False


def _jump_before(frame: FrameType) -> int:
    """The line of the jump that leaves the block which the frame is leaving; 0 where it ends by itself.

    What leaves a block on a jump stands in the code right behind the jump's own line.
    """
    code, line = frame.f_code, 0
    own = frame.f_lineno
    for start, _, number in code.co_lines():
        if start > frame.f_lasti:
            break
        if number is not None and number != own:
            line = number
    for statement in around(code.co_filename, line):
        return line if isinstance(statement, ast.Return | ast.Break | ast.Continue) else 0
    return 0


def _used_only_here(place: Place) -> bool:
    """Whether the line binds the lock to a local name that its function uses in `with` statements alone."""
    statements = list(around(place.file, place.line))
    functions = [each for each in statements if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
    bound = statements[0] if statements else None
    if not functions or not isinstance(bound, ast.Assign) or not isinstance(bound.targets[0], ast.Name):
        return False
    name = bound.targets[0].id
    entered = 0
    for node in ast.walk(functions[0]):
        if isinstance(node, ast.withitem) and isinstance(node.context_expr, ast.Name) and node.context_expr.id == name:
            entered += 1
    uses = sum(isinstance(each, ast.Name) and each.id == name for each in ast.walk(functions[0]))
    return entered > 0 and uses == entered + 1
