"""How jobs are handed to pools: too many, too small, in an order that they do not come back in."""

from __future__ import annotations

import concurrent.futures
import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Sized

from conclint_runtime.guard.places import Stack
from conclint_runtime.guard.report import Report
from conclint_runtime.guard.settings import Settings
from conclint_runtime.guard.sight import Function, Sight, undone
from conclint_runtime.guard.source import argument_calls, last_name

Future = concurrent.futures.Future[object]

# An input without a length that has given so many is taken for endless; all are taken before the first result comes.
_ENDLESS = 10_000
# So many jobs that travel one at a time spend more on the way than in the worker.
_MANY = 500
_POOL = "_conclint_guard_pool"


class Jobs:
    """The observer of `map`, `as_completed`, and of waits with a timeout inside a pool's block."""

    name = "jobs"

    def __init__(self) -> None:
        self._sight: Sight | None = None
        # The futures that a thread has given up waiting for, and where.
        self._given_up: dict[int, list[tuple[Future, Stack]]] = {}

    def install(self, report: Report, settings: Settings, /) -> None:
        """Look at what is handed over, and at what is waited for."""
        sight = self._sight = Sight(report, settings)
        sight.wrap(concurrent.futures.Executor, "map", self._mapped)
        sight.wrap(concurrent.futures.ProcessPoolExecutor, "map", self._chunked)
        sight.wrap(concurrent.futures, "as_completed", self._completed)
        sight.wrap(concurrent.futures.Future, "result", self._waited)
        for pool in (concurrent.futures.ThreadPoolExecutor, concurrent.futures.ProcessPoolExecutor):
            sight.wrap(pool, "submit", self._submitted)
            sight.wrap(pool, "shutdown", self._shut)

    def uninstall(self) -> None:
        """Put everything back."""
        undone(self._sight)

    def at_end(self, _: Report, /) -> None:
        """Nothing: each was reported when it was seen."""

    def _mapped(self, original: Function) -> Function:
        def map_(pool: object, fn: object, *inputs: Iterable[object], **keywords: object) -> object:
            sight = self._sight
            if sight is not None and inputs and "buffersize" not in keywords:
                stack = sight.stack()
                if all(map(_is_endless, inputs)):
                    said = "`map` takes all of its input before it gives a result, and this input has no end"
                    sight.say("CON312", said, stack)
                elif not any(isinstance(each, Sized) for each in inputs):
                    inputs = (self._counted(sight, inputs[0], stack), *inputs[1:])
            return original(pool, fn, *inputs, **keywords)

        return map_

    def _counted(self, sight: Sight, values: Iterable[object], stack: Stack) -> Iterator[object]:
        for number, value in enumerate(values, 1):
            if number == _ENDLESS:
                said = f"`map` has taken {_ENDLESS} values before it gave a result, and its input has not ended"
                sight.say("CON312", said, stack, certainty="likely")
            yield value

    def _chunked(self, original: Function) -> Function:
        def map_(pool: object, fn: object, *inputs: Iterable[object], **keywords: object) -> object:
            sized = [len(each) for each in inputs if isinstance(each, Sized)]
            if self._sight is not None and sized and min(sized) >= _MANY and keywords.get("chunksize", 1) == 1:
                said = f"{min(sized)} items travel to the processes one at a time"
                self._sight.say("CON317", said, self._sight.stack(), certainty="likely", count=min(sized))
            return original(pool, fn, *inputs, **keywords)

        return map_

    def _completed(self, original: Function) -> Function:
        def as_completed(fs: Iterable[Future], timeout: float | None = None) -> object:
            sight = self._sight
            futures = list(fs)
            found = original(futures, timeout)
            stack = sight.stack() if sight is not None else ()
            if sight is None or not stack or not isinstance(found, Iterator):
                return found
            with sight.shared.own_work():
                calls = argument_calls(stack[0].file, stack[0].line, "zip")
                zipped = any(last_name(call.func) == "as_completed" for _, call in calls)
            return self._in_order(sight, futures, found, stack) if zipped else found

        return as_completed

    def _in_order(self, sight: Sight, futures: list[Future], found: Iterator[object], stack: Stack) -> Iterator[object]:
        for number, future in enumerate(found):
            if futures[number] is not future:
                said = "results come in the order in which they are ready, and are paired with items in another order"
                sight.say("CON313", said, stack)
            yield future

    def _submitted(self, original: Function) -> Function:
        def submit(pool: object, *arguments: object, **keywords: object) -> object:
            future = original(pool, *arguments, **keywords)
            vars(future)[_POOL] = id(pool)
            return future

        return submit

    def _waited(self, original: Function) -> Function:
        def result(future: Future, timeout: float | None = None) -> object:
            try:
                return original(future, timeout)
            except concurrent.futures.TimeoutError:
                if timeout is not None and not future.done() and self._sight is not None:
                    mine = self._given_up.setdefault(threading.get_ident(), [])
                    mine.append((future, self._sight.stack()))
                raise

        return result

    def _shut(self, original: Function) -> Function:
        def shutdown(pool: object, wait: bool = True, **keywords: object) -> object:
            waited = self._given_up.pop(threading.get_ident(), [])
            late = [(future, stack) for future, stack in waited if vars(future).get(_POOL) == id(pool)]
            still = [stack for future, stack in late if wait and not future.done()]
            done = original(pool, wait, **keywords)
            for stack in still:
                if self._sight is not None:
                    said = "the wait for this job was given up, and leaving the pool's block waited for it all the same"
                    self._sight.say("CON316", said, stack)
            return done

        return shutdown


def _is_endless(values: Iterable[object]) -> bool:
    if isinstance(values, itertools.count | itertools.cycle):
        return True
    if isinstance(values, itertools.repeat):
        hint: Callable[[], int] = values.__length_hint__
        try:
            return hint() < 0
        except TypeError:  # how an endless one answers
            return True
    return False
