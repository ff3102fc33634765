"""Loops that stand: each turn of a loop is timed, and a monitor looks at what a long one is doing.

A turn that takes too long is not yet somebody's fault: threads that compute keep the interpreter's lock from a loop
that
does nothing wrong. So a code is given only where all looks saw one and the same call of the tables and the process
computed
little beside it, or where the loop's own thread did the computing. What remains is reported as *loop starved*,
without a code.
"""

from __future__ import annotations

import _thread
import asyncio.events
import sys
import time
from collections.abc import Callable
from types import FrameType

from conclint_runtime.guard.blocking.callee import callees
from conclint_runtime.guard.blocking.calls import is_own_accord
from conclint_runtime.guard.blocking.tables import Known
from conclint_runtime.guard.blocking.turn import Look, Turn, moment, verdicts
from conclint_runtime.guard.loops import beneath_loop, loop_stack
from conclint_runtime.guard.monitor import Monitor
from conclint_runtime.guard.patching import Patches
from conclint_runtime.guard.places import outwards
from conclint_runtime.guard.report import Report
from conclint_runtime.guard.settings import Settings

_clock = time.perf_counter
_LOOKS = 64


class Stalls:
    """The observer of turns that take too long."""

    name = "stalls"

    def __init__(self) -> None:
        self._patches = Patches()
        self._turns: dict[int, Turn] = {}
        self._sampling: dict[int, FrameType] = {}
        self._monitor: Monitor | None = None

    def install(self, report: Report, settings: Settings, /) -> None:
        """Time each turn; the monitor begins with the first."""
        self._report, self._settings, self._shared = report, settings, settings.shared
        self._tables = settings.shared.tables
        self._monitor = Monitor(settings.step, self._look)
        original: Callable[[asyncio.events.Handle], None] = asyncio.events.Handle._run
        self._patches.put(asyncio.events.Handle, "_run", self._timed(original))
        settings.shared.when_uvloop(self._sampled)

    def uninstall(self) -> None:
        """Stop timing, end the monitor."""
        self._patches.undo()
        if self._monitor is not None:
            self._monitor.stop()

    def at_end(self, report: Report, /) -> None:
        """Report the turns that are not over yet."""
        for thread, turn in tuple(self._turns.items()):
            seconds = _clock() - turn.started
            waiting = thread in self._shared.calls or thread == _thread.get_ident()
            if seconds >= self._settings.threshold and not waiting:
                self._judge(report, turn, thread, seconds)

    def _sampled(self, kind: type) -> None:
        """Watch loops whose turns cannot be timed: a turn is as long as the monitor finds the same call."""
        monitor, original = self._monitor, getattr(kind, "run_forever", None)
        if monitor is None or not callable(original):
            return

        def run_forever(loop: object) -> object:
            monitor.start()
            thread = _thread.get_ident()
            self._sampling[thread] = sys._getframe()
            try:
                return original(loop)
            finally:
                self._sampling.pop(thread, None)
                self._ended(thread)

        self._patches.put(kind, "run_forever", run_forever)

    def _ended(self, thread: int) -> None:
        """Report the turn of a loop that is only sampled, if it was long."""
        turn = self._turns.pop(thread, None)
        seconds = _clock() - turn.started if turn is not None else 0.0
        if turn is not None and seconds >= self._settings.threshold and len(turn.looks) > 1:
            with self._shared.own_work():
                self._judge(self._report, turn, thread, seconds)

    def _sample(self, thread: int, base: FrameType, frame: FrameType | None) -> None:
        """Begin, continue or end the turn of a loop that is only sampled."""
        turn = self._turns.get(thread)
        busy = frame is not None and frame is not base and thread not in self._shared.calls
        user = self._settings.scope.user_frame(frame)
        same = busy and user is not None and turn is not None
        if same and turn is not None and turn.looks and user is not None:
            same = turn.looks[-1][1].key == (id(user), user.f_lasti)
        if turn is not None and not same:
            self._ended(thread)
        if busy and thread not in self._turns:
            self._turns[thread] = Turn(_clock())

    def _timed(self, original: Callable[[asyncio.events.Handle], None]) -> Callable[[asyncio.events.Handle], None]:
        turns, threshold, ident = self._turns, self._settings.threshold, _thread.get_ident
        accounted = self._shared.accounted
        monitor = self._monitor
        assert monitor is not None

        def _run(handle: asyncio.events.Handle) -> None:
            if not monitor.thread:
                monitor.start()
            thread = ident()
            outer = turns.get(thread)
            turns[thread] = turn = Turn(_clock())
            try:
                original(handle)
            finally:
                if outer is None:
                    turns.pop(thread, None)
                else:
                    turns[thread] = outer
                seconds = _clock() - turn.started
                if seconds >= threshold:
                    self._over(turn, thread, seconds)
                if accounted:
                    accounted.pop(thread, None)

        return _run

    def _over(self, turn: Turn, thread: int, seconds: float) -> None:
        # Calls of the tables have reported themselves, with their own time.
        left = seconds - self._shared.accounted.get(thread, 0.0)
        if left >= self._settings.threshold:
            with self._shared.own_work():
                self._judge(self._report, turn, thread, left)

    def _judge(self, report: Report, turn: Turn, thread: int, seconds: float) -> None:
        for said in verdicts(turn, moment(thread, _clock()), self._settings.threshold):
            took = min(seconds, said.seconds or seconds)
            report.say(said.code, said.message, said.stack, seconds=took, name=said.name, detail=said.detail)

    def _look(self) -> None:
        """One look of the monitor at all turns that have begun before the last one."""
        now = _clock()
        if self._sampling:
            frames = sys._current_frames()
            for thread, base in tuple(self._sampling.items()):
                self._sample(thread, base, frames.get(thread))
        late = [
            (thread, turn) for thread, turn in tuple(self._turns.items()) if now - turn.started >= self._settings.step
        ]
        if not late:
            return
        frames = sys._current_frames()
        for thread, turn in late:
            frame = frames.get(thread)
            still = self._turns.get(thread) is turn
            own = thread in self._shared.looking or thread in self._settings.scope.classifying
            if frame is None or not still or own or thread in self._shared.calls:
                continue
            if len(turn.looks) < _LOOKS:
                turn.looks.append((moment(thread, _clock()), self._seen(frame, turn)))

    def _seen(self, frame: FrameType, turn: Turn) -> Look:
        scope = self._settings.scope
        user = scope.user_frame(frame)
        key = (id(user), user.f_lasti if user is not None else 0)
        last = turn.looks[-1][1] if turn.looks else None
        if last is not None and last.key == key:
            return last
        return Look(key, loop_stack(scope, frame), self._known(frame, user))

    def _known(self, frame: FrameType, user: FrameType | None) -> Known | None:
        """The call of the tables that the innermost frames are in."""
        frames: list[FrameType] = []
        for each in outwards(frame):
            if beneath_loop(each.f_code):
                break
            frames.append(each)
            if each is user:
                break
            if is_own_accord(each):
                return None
        for each in frames:
            names = _function_names(each)
            if each is frame or each is user:
                names = (*callees(each), *names)
            for name in names:
                found = self._tables.named(name)
                if found is not None:
                    return found
        return None


def _function_names(frame: FrameType) -> tuple[str, ...]:
    """The dotted names that the function of a frame may be known by."""
    code, module = frame.f_code, frame.f_globals.get("__name__", "")
    names = [f"{module}.{getattr(code, 'co_qualname', code.co_name)}"]
    if code.co_argcount and code.co_varnames[0] == "self":
        kind = type(frame.f_locals.get("self"))
        names.append(f"{kind.__module__}.{kind.__qualname__}.{code.co_name}")
    return tuple(names)
