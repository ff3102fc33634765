"""Threads as nodes: each knows the one untimed wait that it is in, if any."""

from __future__ import annotations

import sys
import threading
import weakref
from typing import TYPE_CHECKING

from .nodes import NEVER, Mode, Need, Node
from .places import Place, user_place

if TYPE_CHECKING:
    from .waits import Wait


class ThreadNode:
    """A thread. Without a registered wait it is live: it runs, or nobody knows what it waits for.

    Attributes:
        wait: the innermost registered wait that the thread is in. Written by that thread alone.
        job: what the thread runs at the moment, for messages. Written by that thread alone.
    """

    __slots__ = ("__weakref__", "_thread", "ident", "job", "name", "wait")

    def __init__(self, thread: threading.Thread) -> None:
        self._thread = weakref.ref(thread)
        self.name = thread.name
        self.ident = thread.ident
        self.wait: Wait | None = None
        self.job: Node | None = None

    def need(self) -> Need | None:
        wait = self.wait
        if wait is not None:
            return wait.need
        return NEVER if self.ended() else None

    def ended(self) -> bool:
        """Whether the thread has run and runs no more (also: it is a thread of the process before a fork)."""
        thread = self._thread()
        if thread is None:
            return True
        # `ident` is set a moment before `is_alive` turns true: a thread that is just being started has not ended.
        return not thread.is_alive() and thread.ident is not None and thread not in _starting()

    def thread(self) -> threading.Thread | None:
        """The thread itself, while somebody keeps it."""
        return self._thread()

    def place(self) -> Place | None:
        """The line of the user's program at which the thread is now."""
        ident = self.ident
        if ident is None:
            thread = self._thread()
            ident = None if thread is None else thread.ident
        return None if ident is None else user_place(sys._current_frames().get(ident))

    def describe(self) -> str:
        return f"thread {self.name!r}"


class Join:
    """The end of a thread, as something to wait for. Two joins of the same thread are equal."""

    __slots__ = ("_node",)

    def __init__(self, node: ThreadNode) -> None:
        self._node = node

    def need(self) -> Need | None:
        return None if self._node.ended() else Need(Mode.ALL, (self._node,))

    def describe(self) -> str:
        return f"the end of thread {self._node.name!r}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Join) and other._node is self._node

    def __hash__(self) -> int:
        return hash((Join, id(self._node)))


class _Here(threading.local):
    node: ThreadNode | None = None


_here = _Here()
_nodes: weakref.WeakKeyDictionary[threading.Thread, ThreadNode] = weakref.WeakKeyDictionary()


def _starting() -> dict[threading.Thread, threading.Thread]:
    limbo: dict[threading.Thread, threading.Thread] = threading._limbo  # type: ignore[attr-defined]
    return limbo


def node_of(thread: threading.Thread) -> ThreadNode:
    """The one node of a thread, made at the first question."""
    node = _nodes.get(thread)
    return node if node is not None else _nodes.setdefault(thread, ThreadNode(thread))


def current() -> ThreadNode:
    """The node of the calling thread."""
    node = _here.node
    if node is None:
        thread = threading.current_thread()
        node = _here.node = node_of(thread)
        node.ident = threading.get_ident()
    return node


def known_threads() -> tuple[ThreadNode, ...]:
    """A node for each thread that runs now."""
    return tuple(node_of(thread) for thread in threading.enumerate())
