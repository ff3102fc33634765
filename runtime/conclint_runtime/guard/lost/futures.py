"""Results and errors of jobs that nobody reads, and pools that nobody shuts down."""

from __future__ import annotations

import concurrent.futures
import multiprocessing.pool
import sys
import weakref
from collections.abc import Callable
from typing import TypeVar

from conclint_runtime.guard.fate import fate
from conclint_runtime.guard.report import Report
from conclint_runtime.guard.settings import Settings
from conclint_runtime.guard.sight import Function, Sight, undone

T = TypeVar("T")
Future = concurrent.futures.Future[object]

_READ = "_read_by_the_program"


class LostFutures:
    """The observer of futures, of asynchronous results of `multiprocessing` pools, and of the pools themselves."""

    name = "futures"

    def __init__(self) -> None:
        self._sight: Sight | None = None
        self._failed: weakref.WeakSet[Future] = weakref.WeakSet()

    def install(self, report: Report, settings: Settings, /) -> None:
        """Look at what is read of futures, and at what is left of pools."""
        sight = self._sight = Sight(report, settings)
        for name in ("result", "exception", "add_done_callback"):
            sight.wrap(concurrent.futures.Future, name, _reading)
        sight.wrap(concurrent.futures.Future, "set_exception", self._failing)
        sight.patches.put(concurrent.futures.Future, "__del__", _finalizer(self._future_gone))
        sight.wrap(concurrent.futures.Executor, "map", self._mapped)
        for pool in (concurrent.futures.ThreadPoolExecutor, concurrent.futures.ProcessPoolExecutor):
            sight.note_made(pool)
            sight.patches.put(pool, "__del__", _finalizer(self._pool_gone))
        sight.note_made(multiprocessing.pool.ApplyResult)
        sight.wrap(multiprocessing.pool.ApplyResult, "get", _reading)
        sight.patches.put(multiprocessing.pool.ApplyResult, "__del__", _finalizer(self._result_gone))
        sight.note_made(multiprocessing.pool.Pool)
        sight.wrap(multiprocessing.pool.Pool, "__exit__", self._left)
        sight.wrap(multiprocessing.pool.Pool, "__del__", self._process_pool_gone)

    def uninstall(self) -> None:
        """Put everything back."""
        undone(self._sight)

    def at_end(self, _: Report, /) -> None:
        """Report the failures that are still kept and were never read."""
        for future in tuple(self._failed):
            self._future_gone(future)

    def _failing(self, original: Function) -> Function:
        def set_exception(future: Future, error: object) -> object:
            self._failed.add(future)
            return original(future, error)

        return set_exception

    def _future_gone(self, future: Future) -> None:
        error: object = vars(future).get("_exception")
        if error is None or vars(future).get(_READ) or self._sight is None:
            return
        vars(future)[_READ] = True
        stack = self._sight.shared.origin(future)
        self._sight.say("CON306", "a job failed, and nobody asked for its result", stack, detail=repr(error)[:200])

    def _result_gone(self, result: object) -> None:
        state = vars(result)
        if state.get("_success") is False and not state.get(_READ) and "_value" in state and self._sight is not None:
            stack = self._sight.shared.origin(result)
            detail = repr(state["_value"])[:200]
            self._sight.say("CON306", "a job failed, and nobody asked for its result", stack, detail=detail)

    def _mapped(self, original: Function) -> Function:
        def map_(*arguments: object, **keywords: object) -> object:
            frame = self._sight.called_by_program() if self._sight is not None else None
            if frame is not None and self._sight is not None and fate(frame) == "dropped":
                said = "the results of `map` were dropped: whatever failed is never told"
                self._sight.say("CON307", said, self._sight.scope.stack(frame))
            return original(*arguments, **keywords)

        return map_

    def _pool_gone(self, pool: object) -> None:
        state = vars(pool)
        shut = state.get("_shutdown") or state.get("_shutdown_thread")
        working = state.get("_threads") or state.get("_processes")
        if working and not shut and not sys.is_finalizing() and self._sight is not None:
            said = "the pool was left without being shut down: its workers stay until the program ends"
            self._sight.say("CON310", said, self._sight.shared.origin(pool))

    def _process_pool_gone(self, original: Function) -> Function:
        def gone(pool: object, *arguments: object) -> object:
            if vars(pool).get("_state") == multiprocessing.pool.RUN and self._sight is not None:
                said = "the pool was left without being closed: its processes stay until the program ends"
                self._sight.say("CON310", said, self._sight.shared.origin(pool))
            return original(pool, *arguments)

        return gone

    def _left(self, original: Function) -> Function:
        def leave(pool: object, *arguments: object) -> object:
            sight = self._sight
            pending: dict[int, object] = vars(pool).get("_cache", {})
            for result in tuple(pending.values()) if sight is not None else ():
                if sight is not None:
                    said = "the block of the pool was left while this was pending: its work is thrown away"
                    sight.say("CON405", said, (*sight.shared.origin(result), *sight.stack()))
            return original(pool, *arguments)

        return leave


def _finalizer(gone: Callable[[T], None]) -> Callable[[T], None]:
    """A `__del__`: a function, for a bound method would not be given the instance that is finalized."""

    def finalize(thing: T) -> None:
        gone(thing)

    return finalize


def _reading(original: Function) -> Function:
    def read(future: object, *arguments: object, **keywords: object) -> object:
        vars(future)[_READ] = True
        return original(future, *arguments, **keywords)

    return read
