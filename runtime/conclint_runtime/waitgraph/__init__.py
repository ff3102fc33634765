"""Who waits for what, and who can still go on.

The graph is not kept anywhere as a whole: each node says by itself what it needs at the moment, and a scan from one
node reads the part that concerns it. See `Node` for how to add a kind of node, `Wait` for how to register a wait,
`dead_nodes` and `find_deadlock` for the questions.
"""

from __future__ import annotations

from .chained import Awaitable, Copied, future_node
from .errors import DeadlockError
from .explain import spell
from .liveness import Condemnable, Deadlock, condemn, dead_nodes, deadlock_of, find_deadlock
from .nodes import NEVER, External, Mode, Need, Node
from .places import Place, caller, user_caller
from .pools import WorkerPool, WorkerStatistics
from .threads import Join, ThreadNode, current, known_threads, node_of
from .waits import Wait

__all__ = [
    "NEVER",
    "Awaitable",
    "Condemnable",
    "Copied",
    "Deadlock",
    "DeadlockError",
    "External",
    "Join",
    "Mode",
    "Need",
    "Node",
    "Place",
    "ThreadNode",
    "Wait",
    "WorkerPool",
    "WorkerStatistics",
    "caller",
    "condemn",
    "current",
    "dead_nodes",
    "deadlock_of",
    "find_deadlock",
    "future_node",
    "known_threads",
    "node_of",
    "spell",
    "user_caller",
]
