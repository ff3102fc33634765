"""The vocabulary: what a node is, and what it needs before it can go on."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple, Protocol, runtime_checkable


class Mode(Enum):
    """How many of the awaited nodes it takes."""

    ALL = "all of"
    ANY = "any of"


@runtime_checkable
class Node(Protocol):
    """Anything that can wait or be waited for: a thread, a future, a pool, a lock, a task, an actor.

    A new kind of node is a class with these two methods; nothing is registered. Nodes are keys of dictionaries:
    two nodes that stand for the same thing must be equal (one object for each thing, or ``__eq__`` by identity
    of the thing). Both methods are called from foreign threads, at any time, without a lock, so they only read.
    """

    def need(self) -> Need | None:
        """What must be able to go on for this node to go on.

        ``None`` says that the node goes on by itself, or that nobody knows what completes it, or that it is done
        already: all three are *live*, since only what certainly cannot go on may be called dead.
        """

    def describe(self) -> str:
        """The node in the words of a message: "future of `load` (submitted at app.py:12)"."""


class Need(NamedTuple):
    """What one node waits for at one moment. Two scans agree on a node when their needs are equal.

    Parameters:
        mode: whether all of the nodes are needed, or any one of them is enough.
        nodes: the awaited nodes; ``Mode.ANY`` of nothing can never be met.
        token: told apart by identity. It makes two waits for the same thing by the same thread different: a
            thread that moved in between must not look as if it had stayed.
        likely: the need rests on an assumption about the program (such as: a lock is released by the thread
            that took it). A search for what is *certain* takes such a node for live.
    """

    mode: Mode
    nodes: tuple[Node, ...]
    token: object = None
    likely: bool = False


NEVER = Need(Mode.ANY, ())
"""The need of what can no longer happen: a thread that has ended will release no lock and run no job."""


class External:
    """What completes something from outside of all that is known: always live.

    Parameters:
        name: the words for it in a message.
    """

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def need(self) -> Need | None:
        return None

    def describe(self) -> str:
        return self._name
