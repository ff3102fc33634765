"""A controlled thread, and what it waits for."""

from __future__ import annotations

import _thread
import enum
import threading
from collections.abc import Callable
from dataclasses import dataclass, field


class State(enum.Enum):
    """What a controlled thread does."""

    READY = "ready"
    RUNNING = "running"
    WAITING = "waiting"
    OUTSIDE = "outside"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Wait:
    """What a thread waits for.

    Attributes:
        what: in words, for a report.
        ready: whether the wait would end now; called by other threads, takes no lock.
        sleeps: true for a sleep, which ends by its deadline alone and may end early.
    """

    what: str
    ready: Callable[[], bool]
    sleeps: bool = False


def _closed_gate() -> _thread.LockType:
    gate = _thread.allocate_lock()
    gate.acquire()
    return gate


@dataclass(slots=True, eq=False)
class Slot:
    """One controlled thread's place in a schedule. `gate` opens when it is given the turn."""

    thread: threading.Thread
    name: str
    gate: _thread.LockType = field(default_factory=_closed_gate)
    state: State = State.READY
    wait: Wait | None = None
    deadline: float | None = None
    timed_out: bool = False
    told: int = 0
    goes_last: bool = False
    is_short: bool = False

    def is_done(self) -> bool:
        """Whether it has left the schedule."""
        return self.state is State.DONE

    def may_wake_early(self) -> bool:
        """Whether it is in a sleep, or in a wait whose timeout a busy machine exceeds at any time."""
        return self.state is State.WAITING and self.wait is not None and (self.wait.sleeps or self.is_short)

    def can_go_on(self) -> bool:
        """Whether it could do something with the turn."""
        if self.state is State.WAITING:
            return self.wait is not None and self.wait.ready()
        return self.state is State.READY

    def account(self) -> str:
        """What it waits for, in words."""
        return f"{self.name} waits for {self.wait.what if self.wait is not None else 'its turn'}"
