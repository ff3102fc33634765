"""Tell of a deadlock once, at once, and say what becomes of those who wait."""

from __future__ import annotations

import _thread
from collections.abc import Callable
from types import FrameType

from conclint_runtime.guard.deadlocks.asyncio_locks import AsyncLock
from conclint_runtime.guard.deadlocks.lock_order import Nesting
from conclint_runtime.guard.deadlocks.naming import MESSAGES, UNNAMED, code_of, current_frames
from conclint_runtime.guard.deadlocks.owned_lock import OwnedLock, Taken
from conclint_runtime.guard.places import Place, Stack
from conclint_runtime.guard.report import Certainty, Report
from conclint_runtime.guard.settings import Settings
from conclint_runtime.waitgraph import Awaitable, Deadlock, Node, ThreadNode


class Verdicts:
    """What was found, each once.

    Args:
        report: is added to at once.
        settings: which files are the program's, and what to do when a deadlock is found.
    """

    def __init__(self, report: Report, settings: Settings) -> None:
        self._report = report
        self._scope = settings.scope
        self._shared = settings.shared
        self._told: set[frozenset[int]] = set()
        self._telling = _thread.allocate_lock()

    def deadlock(self, deadlock: Deadlock) -> bool:
        """Report a deadlock; true when its waiters are to get a `DeadlockError`, which only a certain one gives."""
        key = frozenset(_identity(node) for node in deadlock.cycle)
        with self._telling:
            known = key in self._told
            self._told.add(key)
        if known:
            self._announce(deadlock.certain)
            return deadlock.certain
        frames = current_frames()
        code = code_of(deadlock.cycle, frames)
        message = MESSAGES.get(code or "", UNNAMED)
        stack = self._stack(deadlock.cycle, frames)
        certainty: Certainty = "certain" if deadlock.certain else "likely"
        steps = "; ".join(step.strip() for step in deadlock.steps)
        self._report.say(code, message, stack, certainty=certainty, detail=steps, name="" if code else "deadlock")
        self._announce(deadlock.certain)
        return deadlock.certain

    def quiescence(self, code: str | None, message: str, frames: list[FrameType | None], detail: str) -> None:
        """Report that every thread waits for ever; with the stack of the first frame, and the places of the others."""
        stacks = [stack for stack in (self._scope.stack(frame) for frame in frames) if stack]
        others = tuple(stack[0] for stack in stacks[1:])
        stack = (*stacks[0], *others) if stacks else ()
        self._report.say(code, message, stack, detail=detail, name="" if code else "nothing can go on")
        self._announce(True)

    def tasks_stuck(self, code: str | None, message: str, stack: Stack, detail: str) -> None:
        """Report that a loop has nothing to do any more while its tasks wait."""
        self._report.say(code, message, stack, detail=detail, name="" if code else "nothing can go on")
        self._announce(True)

    def inversion(self, outer: OwnedLock, inner: OwnedLock, nesting: Nesting, other: Nesting) -> None:
        """Report two locks that are taken in both orders."""
        first = (place_of(nesting.inner), place_of(nesting.outer))
        second = (place_of(other.inner), place_of(other.outer))
        stack = tuple(place for place in (*first, *second) if self._scope.owner(place.file) == "user")
        if not stack:
            return
        detail = f"first {outer.describe()}, then {inner.describe()}; in another thread the other way round"
        message = "two locks are taken in opposite orders by two threads: another time each waits for the other"
        self._report.say("CON501", message, stack, detail=detail)

    def left_held(self, taken: Taken, detail: str) -> None:
        """Report a lock whose thread is over."""
        place = place_of(taken)
        if self._scope.owner(place.file) == "user":
            message = "a lock is held by a thread that is over: whoever takes it next waits for ever"
            self._report.say("CON503", message, (place,), detail=detail)

    def note(self, code: str, message: str, frame: FrameType, detail: str = "") -> None:
        """Report what a frame did, where the program has to do with it."""
        stack = self._scope.stack(frame)
        if stack:
            self._report.say(code, message, stack, detail=detail)

    def hang(self, code: str, message: str, frame: FrameType, detail: str = "") -> None:
        """Report what a frame will wait for in vain."""
        self.note(code, message, frame, detail)
        self._announce(True)

    def _announce(self, certain: bool) -> None:
        on_deadlock: Callable[[], None] | None = self._shared.on_deadlock
        if certain and on_deadlock is not None:
            on_deadlock()

    def _stack(self, nodes: tuple[Node, ...], frames: dict[int, FrameType]) -> Stack:
        found: list[Place] = []
        for node in nodes:
            if isinstance(node, ThreadNode):
                found.extend(self._scope.stack(frames.get(node.ident or 0)))
            elif isinstance(node, Awaitable):
                found.extend(task_stack(self._scope.of_entries, node))
            taken: object = getattr(node, "taken", None)
            if isinstance(taken, Taken) and not isinstance(node, AsyncLock):
                found.append(place_of(taken))
        own = [place for place in found if self._scope.owner(place.file) == "user"]
        return tuple(dict.fromkeys(own))


def place_of(taken: Taken) -> Place:
    """Where a lock was taken."""
    return Place(taken.code.co_filename, taken.line, taken.code.co_name)


def task_stack(own: Callable[[list[tuple[str, int, str]]], Stack], node: Awaitable) -> Stack:
    """Where a suspended task is, innermost first."""
    return own([entry[:3] for entry in coroutine_places(getattr(node._future, "get_coro", lambda: None)())])


def coroutine_places(coroutine: object) -> list[tuple[str, int, str, object]]:
    """The suspended frames of a coroutine and of those that it awaits, innermost first."""
    found: list[tuple[str, int, str, object]] = []
    while coroutine is not None and len(found) < 50:
        frame: object = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
        if isinstance(frame, FrameType):
            found.append((frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name, frame))
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)
    return found[::-1]


def _identity(node: Node) -> int:
    future: object = getattr(node, "_future", None)
    return id(node) if future is None else id(future)
