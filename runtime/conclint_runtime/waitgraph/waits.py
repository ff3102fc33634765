"""A wait: registered when it begins, judged, and taken back when it ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

from .errors import DeadlockError
from .liveness import Deadlock, condemn, find_deadlock
from .nodes import Mode, Need, Node
from .threads import current

GRACE = 0.002
"""Seconds that a wait of this package lasts before it is registered: most end sooner, and then cost nothing."""

FIRST_LOOK = 0.05
"""Seconds after which a wait that was found live is judged again; each later look waits twice as long."""

LAST_LOOK = 5.0
"""Seconds between two looks of a wait that has lasted long."""


_OVER = Need(Mode.ALL, ())


class Wait:
    """One untimed wait of the calling thread; use as a context around whatever blocks.

    Entering registers the wait, then judges it: whoever closes a cycle finds it, at once. A wait that a *timeout*
    can end is not registered at all: its thread counts as live.

    Parameters:
        nodes: what is waited for.
        mode: whether all of the nodes end the wait, or any one.
        verb: the words between the thread and the nodes in a message.
        wake: called in another thread when this wait was found dead; must make the blocked call return soon.
            Without one the waiter has to look at ``verdict`` by itself, in slices of time.

    Raises:
        DeadlockError: on entering, when the wait can never end.
    """

    __slots__ = ("_delay", "_look_at", "_outer", "need", "proved", "thread", "verb", "verdict", "wake")

    def __init__(
        self,
        nodes: tuple[Node, ...],
        mode: Mode = Mode.ALL,
        verb: str = "waits for",
        wake: Callable[[], None] | None = None,
        *,
        likely: bool = False,
    ) -> None:
        self.thread = current()
        self.need = Need(mode, nodes, self, likely)
        self.verb = verb
        self.wake = wake
        self.verdict: Deadlock | None = None
        self.proved = 0.0
        self._delay = FIRST_LOOK
        self._look_at = 0.0
        self._outer: Wait | None = None

    def __enter__(self) -> Wait:
        thread = self.thread
        self._outer = thread.wait
        thread.wait = self
        deadlock = find_deadlock(self, quick=True)
        if deadlock is not None and self._is_condemned(deadlock):
            self.__exit__(None, None, None)
            raise DeadlockError(deadlock)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.thread.wait = self._outer
        # The need has this wait for its token: without this the nodes would live until a garbage collection.
        self.need = _OVER
        self.wake = None

    def slice(self) -> float:
        """Seconds that the waiter may block before it calls ``look``. Bounded by ``LAST_LOOK``."""
        return self._delay

    def look(self) -> None:
        """Judge the wait again: after a wake, and after each ``slice``.

        An edge can close where no thread begins a wait that is seen: a task that awaits, a thread that ends with
        a lock held, a job that ends in ``wait(FIRST_EXCEPTION)``, or a call of the standard library that is only
        visible in the frames of a thread. These are found here.

        Raises:
            DeadlockError: when the wait can never end.
        """
        if self.verdict is None:
            now = time.monotonic()
            if now < self._look_at or now - self.proved < self._delay / 2:
                return  # too early, or the look of somebody who waits for this thread has just gone through here
            deadlock = find_deadlock(self, quick=False)
            spent = time.monotonic() - now
            # A look may not cost more than a few hundredths of the time between two looks.
            self._delay = min(max(2 * self._delay, 50 * spent), max(LAST_LOOK, 50 * spent))
            self._look_at = now + self._delay / 2
            if deadlock is not None and self._is_condemned(deadlock):
                self.verdict = deadlock
        self.end()

    def end(self) -> None:
        """What a waiter says whose blocked call has returned: it may have, because others of the cycle were told.

        Raises:
            DeadlockError: the wait had been found dead.
        """
        if self.verdict is not None:
            raise DeadlockError(self.verdict)

    def _is_condemned(self, deadlock: Deadlock) -> bool:
        # Who merely waits for a cycle gets what its members make of their errors, unless none of them can be told.
        return not condemn(deadlock) or self.thread in deadlock.cycle
