"""Waits that are read from a thread's frames: no patch, and so no cost, until somebody looks.

Of the conditions of `threading` all else is made: events, semaphores, barriers, queues. A thread that sleeps in one has
`Condition.wait` as its innermost frame, and the lock in it says whether it was notified meanwhile.
"""

from __future__ import annotations

import concurrent.futures.thread
import queue
import selectors
import threading
from dataclasses import dataclass
from types import CodeType, FrameType

from conclint_runtime.guard.places import outwards
from conclint_runtime.waitgraph import Mode, Need, node_of

_CONDITION_WAIT: CodeType = threading.Condition.wait.__code__
_WORKER: CodeType = vars(concurrent.futures.thread)["_worker"].__code__

#: What a library function that waits is called in a report.
_PRIMITIVES: dict[CodeType, str] = {
    queue.Queue.get.__code__: "Queue.get",
    queue.Queue.put.__code__: "Queue.put",
    queue.Queue.join.__code__: "Queue.join",
    threading.Event.wait.__code__: "Event.wait",
    threading.Semaphore.acquire.__code__: "Semaphore.acquire",
    threading.Barrier.wait.__code__: "Barrier.wait",
    threading.Condition.wait_for.__code__: "Condition.wait_for",
}


#: What lies between a wait and the program: the wrappers of the guard too.
MACHINERY = ("threading", "queue", "conclint_runtime.guard.")


@dataclass(frozen=True, slots=True)
class Asleep:
    """A thread in a wait that has no end of its own.

    Attributes:
        primitive: what it waits in, `Queue.get`.
        frame: the innermost frame.
        at: the instruction that frame is at; a thread that has moved on is at another, or in another frame.
        idle: whether it is a pool's worker without work, which nobody misses.
        thing: what it waits on.
    """

    primitive: str
    frame: FrameType
    at: int
    idle: bool = False
    thing: object = None


class ImportLock:
    """The lock of a module that is being imported, and the thread that imports it."""

    __slots__ = ("_name", "_owner")

    def __init__(self, name: str, owner: threading.Thread) -> None:
        self._name = name
        self._owner = owner

    def need(self) -> Need | None:
        """The thread that imports the module."""
        return Need(Mode.ALL, (node_of(self._owner),))

    def describe(self) -> str:
        """The lock in the words of a message."""
        return f"the import of {self._name!r}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ImportLock) and (other._name, other._owner) == (self._name, self._owner)

    def __hash__(self) -> int:
        return hash((ImportLock, self._name))


def import_lock(frame: FrameType) -> ImportLock | None:
    """The import that a thread waits for, judged by its innermost frame; None where it waits for none."""
    for each in (frame, frame.f_back):
        if each is None or each.f_code.co_name != "acquire":
            continue
        lock: object = each.f_locals.get("self")
        if type(lock).__name__ != "_ModuleLock":
            continue
        owner: object = getattr(lock, "owner", None)
        for thread in threading.enumerate():
            if thread.ident == owner and thread.is_alive():
                return ImportLock(str(getattr(lock, "name", "a module")), thread)
    return None


def asleep(frame: FrameType) -> Asleep | None:
    """How the thread with this innermost frame sleeps for ever, unless another wakes it; None where it does not."""
    while _is_wrapper(frame) and frame.f_back is not None:
        frame = frame.f_back
    if frame.f_code is _CONDITION_WAIT:
        return _in_condition(frame)
    if frame.f_code is _WORKER:
        jobs: object = frame.f_locals.get("work_queue")
        if isinstance(jobs, queue.SimpleQueue) and jobs.empty():
            return Asleep("an idle worker", frame, frame.f_lasti, idle=True)
        return None
    if _is_our_worker(frame):
        return Asleep("an idle worker", frame, frame.f_lasti, idle=True)
    return _in_selector(frame)


def _is_wrapper(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).startswith("conclint_runtime.guard.")


def _in_condition(frame: FrameType) -> Asleep | None:
    values = frame.f_locals
    waiter: object = values.get("waiter")
    locked = getattr(waiter, "locked", None)
    # Notified, and not yet awake: its lock is free already.
    if values.get("timeout", 0) is not None or locked is None or not locked():
        return None
    primitive, thing = "Condition.wait", values.get("self")
    outer = frame.f_back
    while outer is not None and str(outer.f_globals.get("__name__")).startswith(MACHINERY):
        if outer.f_code in _PRIMITIVES:
            primitive, thing = _PRIMITIVES[outer.f_code], outer.f_locals.get("self")
        outer = outer.f_back
    return Asleep(primitive, frame, frame.f_lasti, thing=thing)


def _is_our_worker(frame: FrameType) -> bool:
    if frame.f_code.co_name != "work" or frame.f_globals.get("__name__") != "conclint_runtime.executors.worker":
        return False
    jobs: object = frame.f_locals.get("jobs")
    return isinstance(jobs, queue.SimpleQueue) and jobs.empty()


def _in_selector(frame: FrameType) -> Asleep | None:
    """An event loop with nothing to do and nothing to wait for but a call from a thread."""
    if frame.f_code.co_name != "select" or frame.f_globals.get("__name__") != "selectors":
        return None
    selector: object = frame.f_locals.get("self")
    for outer in outwards(frame.f_back):
        if outer.f_code.co_name == "_run_once" and outer.f_globals.get("__name__") == "asyncio.base_events":
            loop: object = outer.f_locals.get("self")
            if _has_no_work(loop) and isinstance(selector, selectors.BaseSelector) and len(selector.get_map()) <= 1:
                return Asleep("an event loop", frame, frame.f_lasti, thing=loop)
            return None
    return None


def _has_no_work(loop: object) -> bool:
    timers: object = getattr(loop, "_scheduled", ())
    live = any(not timer.cancelled() for timer in timers) if isinstance(timers, list) else True
    return not live and not getattr(loop, "_ready", True)
