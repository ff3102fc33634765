"""Total quiescence: no thread can do anything any more, so nobody will wake those who wait.

Conditions, events, semaphores and queues have no owner: anybody may still signal them. That nobody will is sure only
when every thread waits without a bound (or is a pool's worker without work), none is just being started, none was
notified and is not yet awake, and no loop has work, timers or descriptors. Three looks in a row have to agree. A
program that has a signal handler is never judged: the handler may do anything.
"""

from __future__ import annotations

import queue
import signal
import sys
import threading
from dataclasses import dataclass
from types import FrameType

from conclint_runtime.guard.deadlocks.frames import MACHINERY, Asleep, asleep, import_lock
from conclint_runtime.guard.places import Scope, outwards
from conclint_runtime.waitgraph import node_of

#: Looks that must agree.
LOOKS = 3


@dataclass(frozen=True, slots=True)
class Sleeper:
    """One thread that waits for ever.

    Attributes:
        thread: which.
        frame: its innermost frame.
        wait: what it waits in; None where the graph knows the wait.
        known: the wait that the graph knows.
    """

    thread: threading.Thread
    frame: FrameType
    wait: Asleep | None
    known: object = None

    def same(self, other: Sleeper) -> bool:
        """Whether it has not moved. A wait that the graph knows looks around now and then, and stays the same wait."""
        if self.thread is not other.thread:
            return False
        if self.wait is None or other.wait is None:
            return self.known is not None and self.known is other.known
        return self.frame is other.frame and self.wait.at == other.wait.at


def sleepers(scope: Scope) -> list[Sleeper] | None:
    """All threads, if every one of them waits for ever; else None."""
    if vars(threading)["_limbo"] or _handles_signals():
        return None
    found: list[Sleeper] = []
    by_ident = {thread.ident: thread for thread in threading.enumerate()}
    for ident, frame in sys._current_frames().items():
        thread = by_ident.pop(ident, None)
        if thread is None:
            if _is_ours(frame, scope):
                continue
            return None
        wait = asleep(frame)
        known: object = node_of(thread).wait if wait is None else None
        if wait is None and known is None and import_lock(frame) is not None:
            known = import_lock
        if wait is None and known is None:
            return None
        found.append(Sleeper(thread, frame, wait, known))
    return found if found and not by_ident else None


def _is_ours(frame: FrameType, scope: Scope) -> bool:
    outermost = list(outwards(frame))[-1]
    return scope.owner(outermost.f_code.co_filename) == "guard"


def _handles_signals() -> bool:
    # An interrupt from the keyboard is no help that a program may count on, and asyncio handles it for itself.
    for number in signal.valid_signals() - {signal.SIGINT}:
        handler = signal.getsignal(number)
        if callable(handler) and handler is not signal.default_int_handler and not isinstance(handler, signal.Handlers):
            return True
    return False


def worth_telling(found: list[Sleeper]) -> list[Sleeper]:
    """Those that are missed: not the idle workers of a pool, nor daemons when others wait; [] when all are idle."""
    missed = [one for one in found if one.wait is None or not one.wait.idle]
    return [one for one in missed if not one.thread.daemon]


def code_of(found: list[Sleeper]) -> tuple[str | None, str]:
    """The code and the words for it: judged by the queues that threads wait on."""
    for one in found:
        wait = one.wait
        if wait is None or not isinstance(wait.thing, queue.Queue):
            continue
        others = [other for other in found if other is not one]
        if wait.primitive == "Queue.join":
            return "CON516", (
                f"`join` waits for {wait.thing.unfinished_tasks} items that were taken and never marked as done, "
                "and every other thread waits too"
            )
        if wait.primitive == "Queue.get" and _asked_if_empty(wait.frame):
            return (
                "CON508",
                "the queue was not empty a moment ago: another consumer took the item, and none will follow",
            )
        if wait.primitive == "Queue.put" and not any(_gets_from(other, wait.thing) for other in others):
            return "CON517", "the queue is full, and whoever could take from it waits itself"
    return None, "every thread waits for ever for another to do something"


def _gets_from(sleeper: Sleeper, thing: object) -> bool:
    return sleeper.wait is not None and sleeper.wait.primitive == "Queue.get" and sleeper.wait.thing is thing


def _asked_if_empty(frame: FrameType) -> bool:
    for each in outwards(frame):
        if not str(each.f_globals.get("__name__")).startswith(MACHINERY):
            names = each.f_code.co_names
            return "empty" in names or "qsize" in names
    return False
