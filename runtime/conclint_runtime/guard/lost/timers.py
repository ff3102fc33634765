"""Scheduled actions: late ones, dropped ones, and timers that keep a process."""

from __future__ import annotations

import sched
import threading
from collections.abc import Callable

from conclint_runtime.guard.places import Place, Stack
from conclint_runtime.guard.report import Report
from conclint_runtime.guard.settings import Settings
from conclint_runtime.guard.sight import Function, Sight, undone

# The last action of a scheduler: from when to when it ran, and where it comes from.
_Ran = tuple[float, float, Stack]


class Timers:
    """The observer of `sched.scheduler` and `threading.Timer`."""

    name = "timers"

    def __init__(self) -> None:
        self._sight: Sight | None = None
        self._running: dict[sched.scheduler, int] = {}
        self._last: dict[int, _Ran] = {}

    def install(self, report: Report, settings: Settings, /) -> None:
        """Look at the actions that are entered, and at the timers that the main thread leaves."""
        sight = self._sight = Sight(report, settings)
        sight.wrap(sched.scheduler, "enterabs", self._entered)
        sight.wrap(sched.scheduler, "run", self._run)
        sight.wrap(threading, "_shutdown", self._leaving)

    def uninstall(self) -> None:
        """Put everything back."""
        undone(self._sight)

    def at_end(self, _: Report, /) -> None:
        """Nothing: what is late is reported when it runs."""

    def _entered(self, original: Function) -> Function:
        def enterabs(
            scheduler: sched.scheduler,
            due: float,
            priority: object,
            action: Callable[..., object],
            *rest: object,
            **keywords: object,
        ) -> object:
            sight = self._sight
            if sight is not None and callable(action):
                stack = sight.stack()
                runner = self._running.get(scheduler)
                foreign = runner is not None and runner != threading.get_ident()
                action = _Action(action, due, scheduler, sight, stack, foreign, self._last)
            return original(scheduler, due, priority, action, *rest, **keywords)

        return enterabs

    def _run(self, original: Function) -> Function:
        def run(scheduler: sched.scheduler, *arguments: object, **keywords: object) -> object:
            self._running[scheduler] = threading.get_ident()
            try:
                return original(scheduler, *arguments, **keywords)
            except Exception as error:
                sight = self._sight
                if sight is not None and not scheduler.empty():
                    raised = sight.scope.traceback_stack(error.__traceback__)
                    said = "an action raised, and the events after it were left in the queue"
                    sight.say("CON533", said, (*raised, *sight.stack()), detail=repr(error)[:200])
                raise
            finally:
                self._running.pop(scheduler, None)

        return run

    def _leaving(self, original: Function) -> Function:
        def shutdown() -> object:
            sight = self._sight
            for thread in threading.enumerate() if sight is not None else ():
                timer = isinstance(thread, threading.Timer) and not thread.daemon
                if timer and sight is not None and not vars(thread)["finished"].is_set():
                    said = "the main thread has ended, and the process stays for this timer, which nobody cancelled"
                    sight.say("CON534", said, sight.shared.origin(thread))
            return original()

        return shutdown


class _Action:
    """A scheduled action that knows when it was due, and why it is late."""

    def __init__(
        self,
        action: Callable[..., object],
        due: float,
        scheduler: sched.scheduler,
        sight: Sight,
        stack: Stack,
        foreign: bool,
        last: dict[int, _Ran],
    ) -> None:
        self.__wrapped__ = action
        self._due, self._scheduler, self._sight, self._stack, self._foreign = due, scheduler, sight, stack, foreign
        self._last = last

    def __call__(self, *arguments: object, **keywords: object) -> object:
        key = id(self._scheduler)
        started = self._scheduler.timefunc()
        late = started - self._due
        if late >= self._sight.settings.threshold:
            self._tell(late, self._last.get(key))
        place = _place(self.__wrapped__)
        try:
            return self.__wrapped__(*arguments, **keywords)
        finally:
            self._last[key] = (started, self._scheduler.timefunc(), (*place, *self._stack))

    def _tell(self, late: float, before: _Ran | None) -> None:
        sight = self._sight
        if before is not None and before[0] <= self._due < before[1]:
            if before[1] - max(before[0], self._due) >= sight.settings.threshold / 2:
                said = "an action ran so long that the next one was late: actions run one after the other"
                sight.say("CON531", said, before[2], seconds=late)
        elif self._foreign:
            said = "an event was entered from another thread, and `run` slept until the time of an earlier one"
            sight.say("CON532", said, self._stack, seconds=late)


def _place(action: object) -> Stack:
    code = getattr(action, "__code__", None)
    return (Place(code.co_filename, code.co_firstlineno, code.co_name),) if code is not None else ()
