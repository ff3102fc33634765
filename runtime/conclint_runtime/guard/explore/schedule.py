"""One schedule: of all controlled threads one runs at a time, and a seed decides which.

The thread that runs holds the *turn*. It gives the turn up at a switch point (when the seed says so), when it waits for
another thread, and around a call that blocks outside of Python's locks. Since nobody else runs meanwhile, the same seed
gives the same order again, as far as the program itself is the same each time.
"""

from __future__ import annotations

import _thread
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Bound by name: the schedule itself lives in real time while the program's `time` is replaced.
from time import monotonic

from conclint_runtime.guard.explore.clock import VirtualClock
from conclint_runtime.guard.explore.turns import Slot, State, Wait

#: How often a waiting thread looks whether the turn got stuck, in seconds; only programs that block outside pay it.
_LOOK = 0.1
#: A running thread that comes to no switch point for this long, in seconds, is taken to be blocked outside.
_STUCK = 1.0
#: How often a thread that swallows the end of the schedule is told again before it is left where it is.
_PATIENCE = 50
#: One in so many switches wakes a sleeper although others could run: a sleep promises no order.
_EARLY_WAKE = 0.1
#: A timeout of at most so many seconds may be over before the others have done what is waited for.
_SHORT = 0.1
#: How willing a schedule is to switch, by seed: long programs need rare switches, short ones frequent ones.
_EAGERNESS = (0.15, 0.05, 0.3, 0.02)


class ScheduleEnded(BaseException):
    """Raised in every thread of a schedule that is over, so that it ends.

    Not an `Exception`: the program's own handlers are not meant to catch it.
    """


class Schedule:
    """The turn, who has it, and who may have it next.

    Args:
        seed: decides every choice.
        clock: the virtual time of this schedule.
        max_steps: after so many switch points the schedule is ended; `overrun` tells.
        lock_points: whether taking a free lock is a switch point. It is one only without the GIL: CPython tries once
            before it lets others run.
    """

    def __init__(self, seed: int, clock: VirtualClock, *, max_steps: int, lock_points: bool) -> None:
        self.clock = clock
        self.lock_points = lock_points
        self.steps = 0
        self.alone = True
        self.deadlock: tuple[str, ...] = ()
        self.overrun = False
        self.ending = False
        self.running: Slot | None = None
        self.eagerness = _EAGERNESS[seed % len(_EAGERNESS)]
        self._random = random.Random(seed)
        self._max_steps = max_steps
        self._table = _thread.allocate_lock()
        self._slots: list[Slot] = []
        self._by_thread: dict[int, Slot] = {}
        self._turns = 0
        self._looked_at = (-1, -1, 0.0)
        self._idle_since = (0.0, 0.0)

    # -- threads come and go -------------------------------------------------------------------------------------

    def enlist(self, thread: threading.Thread) -> Slot:
        """Add a thread that is about to start; it can be given the turn from now on."""
        slot = Slot(thread=thread, name=thread.name)
        with self._table:
            self._slots.append(slot)
            self.alone = self._living() < 2
        return slot

    def dismiss(self, slot: Slot) -> None:
        """Forget a thread that was enlisted and could not be started."""
        with self._table:
            self._slots.remove(slot)
            self.alone = self._living() < 2

    def enter(self, slot: Slot) -> None:
        """Begin to run under the schedule, on the slot's own thread; returns when it has the turn."""
        self._by_thread[_thread.get_ident()] = slot
        with self._table:
            if self.running is None:
                self._give(slot)
        self._await_turn(slot)

    def leave(self) -> None:
        """The current thread is done: the turn goes on, and those who join it may run."""
        slot = self._by_thread.pop(_thread.get_ident(), None)
        if slot is None:
            return
        with self._table:
            slot.state = State.DONE
            self.alone = self._living() < 2
            if self.running is slot:
                self._pass_on()

    def slot(self) -> Slot | None:
        """The current thread's place in the schedule; None where it is not controlled."""
        return self._by_thread.get(_thread.get_ident())

    def slots(self) -> tuple[Slot, ...]:
        """All threads of this schedule, in the order in which they were started."""
        return tuple(self._slots)

    # -- giving up the turn --------------------------------------------------------------------------------------

    def point(self) -> bool:
        """A switch point: go on, or let another thread run first; true when others may have run."""
        self.steps += 1
        if self.ending:
            self._end_current()
        elif self.steps > self._max_steps:
            self.overrun = True
            self._end_current()
        elif not self.alone and self._random.random() < self.eagerness:
            self.switch()
            return True
        return False

    def switch(self) -> None:
        """Let the seed choose who goes on."""
        slot = self.slot()
        if slot is None:
            return
        self.regain(slot)
        with self._table:
            slot.state = State.READY
            self._pass_on()
        self._await_turn(slot)
        if self.ending:
            self._end_current()

    def wait(self, wait: Wait, timeout: float | None = None) -> bool:
        """Wait until `wait.ready()`; the others run meanwhile.

        Args:
            wait: what is waited for.
            timeout: seconds of virtual time; None waits for ever.

        Returns:
            False when the time is over first.

        Raises:
            ScheduleEnded: when no thread can ever go on, or the schedule ends for another reason.
        """
        slot = self.slot()
        assert slot is not None, "only a controlled thread waits under a schedule"
        self.regain(slot)
        if self.ending:
            self._end_current()
        with self._table:
            slot.wait, slot.timed_out = wait, False
            slot.deadline = None if timeout is None else self.clock.elapsed + timeout
            slot.is_short = timeout is not None and timeout <= _SHORT
            slot.state = State.WAITING
            self._pass_on()
        self._await_turn(slot)
        slot.wait = None
        if self.ending:
            self._end_current()
        return not slot.timed_out

    def sleep(self, seconds: float) -> None:
        """Sleep in virtual time. Others run first, mostly: a sleep gives no guarantee about who was faster."""
        if not self.ending:
            self.wait(Wait("a sleep", lambda: False, sleeps=True), max(seconds, 0.0))

    @contextmanager
    def uncontrolled(self) -> Iterator[None]:
        """Around a short call that must not be a part of the schedule; the thread keeps the turn meanwhile."""
        ident = _thread.get_ident()
        slot = self._by_thread.pop(ident, None)
        try:
            yield
        finally:
            if slot is not None:
                self._by_thread[ident] = slot

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Around a call that blocks on something that this schedule does not see (a socket, a process, a selector)."""
        slot = self.slot()
        if slot is None or self.ending or slot.state is State.OUTSIDE:
            yield
            return
        self.regain(slot)
        with self._table:
            slot.state = State.OUTSIDE
            self._pass_on()
        began, elapsed = monotonic(), self.clock.elapsed
        try:
            yield
        finally:
            self.clock.advance_to(elapsed + monotonic() - began)
            self._come_back(slot)
            if self.ending:
                self._end_current()

    def finish(self) -> None:
        """The program's main function is over: wait as the interpreter does at its end, then end the daemon threads.

        Raises:
            ScheduleEnded: when a thread that is not a daemon can never end.
        """
        slot = self.slot()
        assert slot is not None
        others = [other for other in self._slots if other is not slot]
        try:
            if not self.ending:
                self.wait(Wait("the other threads to end", lambda: all(o.thread.daemon or o.is_done() for o in others)))
        finally:
            self.ending = slot.goes_last = True
            with self._table:
                slot.state, slot.wait = State.WAITING, Wait("the other threads to end", lambda: True)
                if self.running in {slot, None}:
                    self._pass_on()
            self._await_turn(slot)

    def end(self) -> None:
        """Raise `ScheduleEnded` in every thread at its next step."""
        self.ending = True

    def regain(self, slot: Slot) -> None:
        """Take the turn again where the thread was taken to be blocked outside and was not."""
        if self.running is not slot:
            self._come_back(slot)

    def wake(self) -> None:
        """Something changed from outside: if nobody runs, somebody may be able to."""
        with self._table:
            if self.running is None:
                self._pass_on()

    # -- within ---------------------------------------------------------------------------------------------------

    def _living(self) -> int:
        return sum(slot.state is not State.DONE for slot in self._slots)

    def _end_current(self) -> None:
        self.ending = True
        slot = self.slot()
        if slot is None:
            return
        slot.told += 1
        if slot.told > _PATIENCE and slot.thread is not threading.main_thread():
            self.leave()
            _thread.allocate_lock().acquire()
            _thread.exit()
        raise ScheduleEnded("the schedule is over")

    def _come_back(self, slot: Slot) -> None:
        with self._table:
            slot.state = State.READY
            if self.running is None:
                self._give(slot)
        self._await_turn(slot)

    def _give(self, slot: Slot) -> None:
        self.running = slot
        self._turns += 1
        slot.state = State.RUNNING
        slot.gate.release()

    def _await_turn(self, slot: Slot) -> None:
        while not slot.gate.acquire(timeout=_LOOK):
            self._rescue(slot)

    def _pass_on(self) -> None:
        """Give the turn to whom the seed chooses; called with the table held, by the one who has the turn."""
        self.running = None
        chosen = self._choose()
        if chosen is not None:
            self._give(chosen)
        else:
            self._idle_since = (self.clock.elapsed, monotonic())

    def _choose(self) -> Slot | None:
        living = [slot for slot in self._slots if slot.state in {State.READY, State.WAITING}]
        if self.ending:
            return next((slot for slot in living if not slot.goes_last), living[0] if living else None)
        ready = [slot for slot in living if slot.can_go_on()]
        sleepers = [slot for slot in living if slot.may_wake_early()]
        if ready:
            if not sleepers or self._random.random() >= _EARLY_WAKE:
                return self._random.choice(ready)
            chosen = self._random.choice(sleepers)
            chosen.timed_out = True
            return chosen
        outside = any(slot.state is State.OUTSIDE for slot in self._slots)
        timed = sleepers if outside else [slot for slot in living if slot.deadline is not None]
        if timed:
            chosen = min(timed, key=lambda slot: slot.deadline or 0.0)
            chosen.timed_out = True
            self.clock.advance_to(chosen.deadline or 0.0)
            return chosen
        if outside or not living:
            return None
        self.deadlock = tuple(slot.account() for slot in living)
        self.ending = True
        return living[0]

    def _rescue(self, slot: Slot) -> None:
        """A waiting thread looks around: the turn may be free, or its holder blocked outside without saying so."""
        with self._table:
            if slot.state in {State.RUNNING, State.DONE}:
                return
            now = monotonic()
            if self.running is None:
                elapsed, since = self._idle_since
                self.clock.advance_to(elapsed + now - since)
                slot.timed_out = slot.deadline is not None and slot.deadline <= self.clock.elapsed
                if slot.can_go_on() or slot.timed_out or self.ending:
                    self._give(slot)
                return
            steps, turns, since = self._looked_at
            if (steps, turns) != (self.steps, self._turns):
                self._looked_at = (self.steps, self._turns, now)
            elif now - since > _STUCK and any(other.can_go_on() for other in self._slots if other is not self.running):
                self.running.state = State.OUTSIDE
                self._pass_on()
