"""Where an observer, such as the guard, sees what the embedded engine does.

Nobody observes by default; then the engine pays one test of a module variable at each of these points. Observers run
on the thread where the thing happens, must not block, and must not raise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

Kind = Literal["task", "sync", "threaded", "async"]


@dataclass(frozen=True, slots=True)
class ObservedCall:
    """One remote call.

    Attributes:
        number: unique in this process.
        name: the function's qualified name, or `Class.method`.
        kind: `task`, or the kind of the actor that runs it.
        actor_id: the actor's identifier in hexadecimal; None for a task.
        group: the concurrency group; empty for the default one and for tasks.
        workers: how many calls that group (or the task slots) can run at a time.
    """

    number: int
    name: str
    kind: Kind
    actor_id: str | None
    group: str
    workers: int


@dataclass(frozen=True, slots=True)
class ObservedWait:
    """A thread that blocks in `get` or `wait`.

    Attributes:
        function: `get` or `wait`.
        waiter: the call in whose body it blocks; None in the program's own threads.
        thread: the identifier of the blocked thread.
        on_loop: whether an event loop runs on that thread, and so stops with it.
        calls: the unfinished calls waited for (a reference that stands for no call is left out).
        all_needed: True when every one of them must finish, False when some suffice.
        timeout: in seconds; None when the wait is not bounded.
    """

    function: Literal["get", "wait"]
    waiter: ObservedCall | None
    thread: int
    on_loop: bool
    calls: tuple[ObservedCall, ...]
    all_needed: bool
    timeout: float | None


class Observer(Protocol):
    """What the engine tells an observer."""

    def call_submitted(self, call: ObservedCall, submitter: ObservedCall | None) -> None:
        """A call was submitted, on the thread of its submitter."""

    def call_started(self, call: ObservedCall) -> None:
        """A call begins to run, on the thread (and, for an async actor, in the task) that runs it."""

    def call_finished(self, call: ObservedCall, error: BaseException | None) -> None:
        """A call has ended, on the thread that ran it; with its error when it failed."""

    def wait_began(self, wait: ObservedWait) -> None:
        """A thread is about to block."""

    def wait_ended(self, wait: ObservedWait) -> None:
        """The thread goes on, also after a timeout or an interrupt."""


observer: Observer | None = None


def observe(new: Observer | None) -> Observer | None:
    """Set who observes, None for nobody; return who did before, to be set again afterwards."""
    global observer
    before, observer = observer, new
    return before
