"""What `asyncio.gather` leaves behind: siblings that go on, errors that nobody reads, calls that never suspend."""

from __future__ import annotations

import asyncio
import asyncio.tasks
import inspect
import weakref
from collections.abc import Iterable

from conclint_runtime.guard.fate import fate
from conclint_runtime.guard.places import Stack
from conclint_runtime.guard.report import Report
from conclint_runtime.guard.settings import Settings
from conclint_runtime.guard.sight import Function, Sight, undone

Future = asyncio.Future[object]

# From how many calls on it matters whether something bounds them.
_MANY = 3


class Gathers:
    """The observer of `gather`."""

    name = "gathers"

    def __init__(self) -> None:
        self._sight: Sight | None = None
        # The gathered calls that have opened something and are not over, by gather; and those that a semaphore lets in.
        self._gather_of: weakref.WeakKeyDictionary[Future, Future] = weakref.WeakKeyDictionary()
        self._open: weakref.WeakKeyDictionary[Future, set[Future]] = weakref.WeakKeyDictionary()
        self._let_in: weakref.WeakSet[Future] = weakref.WeakSet()

    def install(self, report: Report, settings: Settings, /) -> None:
        """Look at each call, and at the failure of each."""
        sight = self._sight = Sight(report, settings)
        sight.wrap(asyncio, "gather", self._gathered)
        for name in ("create_subprocess_exec", "create_subprocess_shell", "open_connection", "open_unix_connection"):
            sight.wrap(asyncio, name, self._opened)
        sight.wrap(asyncio.Semaphore, "acquire", self._limited)
        sight.wrap(getattr(asyncio.tasks, "_GatheringFuture", object), "set_exception", self._failed)

    def uninstall(self) -> None:
        """Put everything back."""
        undone(self._sight)

    def at_end(self, _: Report, /) -> None:
        """Nothing: each was reported as it ended."""

    def _gathered(self, original: Function) -> Function:
        def gather(*things: object, return_exceptions: bool = False) -> object:
            outer = original(*things, return_exceptions=return_exceptions)
            sight = self._sight
            if sight is not None and isinstance(outer, asyncio.Future):
                frame = sight.called_by_program()
                stack = sight.stack()
                sight.shared.started(outer, stack)
                children: tuple[Future, ...] = tuple(getattr(outer, "_children", ()))
                sight.shared.gathered.update(children)
                self._gather_of.update((child, outer) for child in children)
                if return_exceptions and frame is not None and "dropped" in fate(frame):
                    outer.add_done_callback(self._unread)
                if len(things) > 1 and all(map(inspect.iscoroutine, things)):
                    self._watch_first_steps(outer, stack)
            return outer

        return gather

    def _watch_first_steps(self, outer: Future, stack: Stack) -> None:
        children: tuple[Future, ...] = tuple(getattr(outer, "_children", ()))
        if any(child.done() for child in children):  # eager tasks cost nothing to gather
            return

        def look() -> None:
            # Callbacks run in order: each child has had its first step by now, and none a second one.
            if self._sight is not None and all(child.done() for child in children):
                said = f"{len(children)} coroutines were gathered, and none suspended: a task for each bought nothing"
                self._sight.say("CON231", said, stack, count=len(children))

        outer.get_loop().call_soon(look)

    def _limited(self, original: Function) -> Function:
        def acquire(semaphore: object) -> object:
            task = asyncio.current_task()
            if task is not None:
                self._let_in.add(task)
            return original(semaphore)

        return acquire

    def _opened(self, original: Function) -> Function:
        def connect(*arguments: object, **keywords: object) -> object:
            task = asyncio.current_task()
            outer = self._gather_of.get(task) if task is not None and task not in self._let_in else None
            if task is not None and outer is not None and self._sight is not None:
                held = self._open.setdefault(outer, set())
                held.add(task)
                task.add_done_callback(held.discard)
                children: tuple[Future, ...] = tuple(getattr(outer, "_children", ()))
                if len(held) == len(children) >= _MANY:
                    said = f"all {len(held)} gathered calls have something open at once: nothing bounds how many"
                    self._sight.say(
                        "CON209", said, self._sight.shared.origin(outer), certainty="likely", count=len(held)
                    )
            return original(*arguments, **keywords)

        return connect

    def _unread(self, outer: Future) -> None:
        if self._sight is None or outer.cancelled() or outer.exception() is not None:
            return
        results = outer.result()
        failed = [each for each in results if isinstance(each, Exception)] if isinstance(results, list) else []
        if failed:
            said = f"{len(failed)} of the gathered calls failed, and the results in which that is told were dropped"
            self._sight.say("CON211", said, self._sight.shared.origin(outer), detail=repr(failed[0])[:200])

    def _failed(self, original: Function) -> Function:
        def set_exception(outer: Future, error: object) -> object:
            done = original(outer, error)
            children: Iterable[Future] = getattr(outer, "_children", ())
            for child in children:
                if not child.done():
                    child.add_done_callback(lambda child: self._went_on(child, outer))
            return done

        return set_exception

    def _went_on(self, child: Future, outer: Future) -> None:
        if self._sight is not None and not child.cancelled():
            said = "one of the gathered calls failed, and this one went on after the caller had been told"
            self._sight.say("CON210", said, self._sight.shared.origin(outer))
