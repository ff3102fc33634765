"""Work that goes on after the time that it was given."""

from __future__ import annotations

import ast
import asyncio
import asyncio.runners
import concurrent.futures
import weakref
from collections.abc import Iterator
from types import CodeType
from typing import Protocol, cast

from conclint_runtime.guard.places import Place, Stack, here, outwards
from conclint_runtime.guard.report import Report
from conclint_runtime.guard.settings import Settings
from conclint_runtime.guard.sight import Function, Sight, undone
from conclint_runtime.guard.source import around, calls_at, last_name

Future = asyncio.Future[object]

# Parts of the paths of the modules whose coroutines are calls of actors.
_XOSCAR = ("conclint_runtime/xo/", "/xoscar/")
_TIMED = ("timeout", "timeout_at", "fail_after", "move_on_after")


class Timeouts:
    """The observer of `asyncio.wait(timeout=…)` whose pending set is ignored, and of threads that outlive a timeout."""

    name = "timeouts"

    def __init__(self) -> None:
        self._sight: Sight | None = None
        self._left: weakref.WeakKeyDictionary[Future, Stack] = weakref.WeakKeyDictionary()

    def install(self, report: Report, settings: Settings, /) -> None:
        """Look at what waits leave."""
        sight = self._sight = Sight(report, settings)
        sight.wrap(asyncio, "wait", self._waited)
        sight.wrap(asyncio, "wait_for", self._timed)
        sight.wrap(asyncio.runners, "_cancel_all_tasks", self._cancelling)
        sight.wrap(concurrent.futures.Future, "cancel", self._cancelled)

    def uninstall(self) -> None:
        """Put everything back."""
        undone(self._sight)

    def at_end(self, _: Report, /) -> None:
        """Nothing: what is left is reported when it ends."""

    def _waited(self, original: Function) -> Function:
        async def wait(fs: object, *, timeout: float | None = None, **keywords: object) -> object:
            sight = self._sight
            stack = sight.stack() if sight is not None else ()
            done, pending = await cast("_Wait", original)(fs, timeout=timeout, **keywords)
            if timeout is None or not pending:
                return done, pending
            return done, _Pending(pending, self, stack)

        return wait

    def _timed(self, original: Function) -> Function:
        def wait_for(fut: object, *arguments: object, **keywords: object) -> object:
            code: object = getattr(fut, "cr_code", None)
            file = code.co_filename.replace("\\", "/") if isinstance(code, CodeType) else ""
            if any(part in file for part in _XOSCAR) and self._sight is not None:
                said = "the call of an actor was given a timeout that the actor knows nothing of: it goes on"
                self._sight.say("CON709", said, self._sight.stack())
            return original(fut, *arguments, **keywords)

        return wait_for

    def ignored(self, pending: set[Future], stack: Stack) -> None:
        """Follow the futures of a pending set that nobody has looked at."""
        for future in pending:
            if not future.done():
                self._left[future] = stack
                try:
                    future.add_done_callback(self._ended)
                except RuntimeError:  # its loop is closed
                    return

    def _ended(self, future: Future) -> None:
        stack = self._left.pop(future, ())
        if self._sight is not None and not future.cancelled():
            said = "a call was still pending when its time was over, and went on: nobody looked at the pending set"
            self._sight.say("CON212", said, stack, certainty="likely")

    def _cancelling(self, original: Function) -> Function:
        def cancel_all_tasks(loop: asyncio.AbstractEventLoop) -> object:
            for task in asyncio.all_tasks(loop):
                stack = self._left.pop(task, ())
                if self._sight is not None:
                    said = "a call was still pending when its time was over, until the loop ended: nobody cancelled it"
                    self._sight.say("CON212", said, stack, certainty="likely")
            return original(loop)

        return cancel_all_tasks

    def _cancelled(self, original: Function) -> Function:
        def cancel(future: concurrent.futures.Future[object]) -> object:
            done = original(future)
            sight = self._sight
            if not done and future.running() and sight is not None and _from_asyncio():
                with sight.shared.own_work():
                    stack = sight.shared.origin(future)
                    if stack and any(_has_timeout(place) for place in stack):
                        said = "the time of a call in a thread was over, and the thread goes on: it cannot be cancelled"
                        sight.say("CON212", said, stack)
            return done

        return cancel


class _Wait(Protocol):
    async def __call__(self, fs: object, **keywords: object) -> tuple[set[Future], set[Future]]: ...


def _from_asyncio() -> bool:
    return any(frame.f_code.co_name == "_call_check_cancel" for frame in outwards(here()))


def _has_timeout(place: Place) -> bool:
    """Whether the line calls `wait_for`, or stands in a block that has a timeout."""
    if any(last_name(call.func) == "wait_for" for call, _ in calls_at(place.file, place.line)):
        return True
    return any(
        isinstance(item.context_expr, ast.Call) and last_name(item.context_expr.func) in _TIMED
        for statement in around(place.file, place.line)
        if isinstance(statement, ast.AsyncWith | ast.With)
        for item in statement.items
    )


class _Pending(set[Future]):
    """The pending set of a wait, which knows whether the program has looked at it."""

    def __init__(self, pending: set[Future], watcher: Timeouts, stack: Stack) -> None:
        super().__init__(pending)
        self._watcher, self._stack, self._looked_at = watcher, stack, False

    def __iter__(self) -> Iterator[Future]:
        self._looked_at = True
        return super().__iter__()

    def __len__(self) -> int:
        self._looked_at = True
        return super().__len__()

    def __contains__(self, thing: object) -> bool:
        self._looked_at = True
        return super().__contains__(thing)

    def pop(self) -> Future:
        self._looked_at = True
        return super().pop()

    def __del__(self) -> None:
        if not self._looked_at:
            self._watcher.ignored(set(self), self._stack)
