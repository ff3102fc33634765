"""Who holds locks: a thread, known by itself long before `threading` knows it.

A thread takes locks while it is being started, when `threading.current_thread()` would invent a dummy for it. So a
holder is found without asking, and its thread is looked up later, when it has one.
"""

from __future__ import annotations

import _thread
import sys
import threading
import weakref
from typing import TYPE_CHECKING

from conclint_runtime.waitgraph import ThreadNode, node_of

if TYPE_CHECKING:
    from asyncio import Task

    from conclint_runtime.guard.deadlocks.owned_lock import OwnedLock


class Holder:
    """One thread, with the guarded locks that it holds, in the order in which it took them."""

    __slots__ = ("__weakref__", "began", "held", "ident", "joined", "starter", "thread_node")

    def __init__(self) -> None:
        self.ident = _thread.get_ident()
        self.held: list[OwnedLock] = []
        # The moments at which it was started and joined, by whom it was started: 0 and None where that was not seen.
        self.began = 0
        self.joined = 0
        self.starter: Holder | None = None
        self.thread_node: ThreadNode | None = None

    def node(self) -> ThreadNode | None:
        """Its thread in the graph; None while `threading` does not know it (yet, or at all)."""
        if self.thread_node is None:
            thread = _active().get(self.ident)
            if thread is not None:
                self.thread_node = node_of(thread)
                _holders[thread] = self
                self.began, self.starter = _starts.pop(thread, (0, None))
        return self.thread_node

    def name(self) -> str:
        """Its name for a report."""
        node = self.node()
        return node.name if node is not None else f"thread {self.ident}"


class _Here(threading.local):
    holder: Holder | None = None


_here = _Here()
_holders: weakref.WeakKeyDictionary[threading.Thread, Holder] = weakref.WeakKeyDictionary()
_starts: weakref.WeakKeyDictionary[threading.Thread, tuple[int, Holder | None]] = weakref.WeakKeyDictionary()


def will_start(thread: threading.Thread, moment: int) -> None:
    """The calling thread is about to start another."""
    _starts[thread] = (moment, here())


def was_joined(thread: threading.Thread, moment: int) -> None:
    """The calling thread has seen the end of another."""
    holder = _holders.get(thread)
    if holder is not None and not holder.joined:
        holder.joined = moment


def holder_of(thread: threading.Thread) -> Holder | None:
    """The holder of a thread that has taken a guarded lock; None for one that has not."""
    return _holders.get(thread)


def holders() -> tuple[Holder, ...]:
    """All holders whose thread is still referred to."""
    return tuple(_holders.values())


def _active() -> dict[int, threading.Thread]:
    known: dict[int, threading.Thread] = vars(threading)["_active"]
    return known


def here() -> Holder:
    """The holder of the calling thread."""
    holder = _here.holder
    if holder is None:
        holder = _here.holder = Holder()
    if holder.thread_node is None:
        holder.node()
    return holder


def current_task() -> Task[object] | None:
    """The task that the calling thread runs at the moment; does not import asyncio."""
    events = sys.modules.get("asyncio.events")
    loop = events._get_running_loop() if events is not None else None
    if loop is None:
        return None
    task: Task[object] | None = sys.modules["asyncio.tasks"].current_task(loop)
    return task
