"""Calls of embedded actors and tasks as nodes: an actor is a pool of as many workers as calls that it runs at once."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

from conclint_runtime.waitgraph import Mode, Need, Node, ThreadNode, Wait, node_of

if TYPE_CHECKING:
    from conclint_runtime.actors.observe import ObservedCall, ObservedWait, Observer


class RunsCall:
    """A call: it goes on when the thread that runs it does, or, while it is queued, when its actor can take it."""

    def __init__(self, call: ObservedCall, engine: RemoteCalls) -> None:
        self._call = call
        self._engine = engine
        self.thread: ThreadNode | None = None
        self.done = False

    def actor(self) -> str | None:
        """Its actor's identifier; None for a task."""
        return self._call.actor_id

    def constructs(self) -> bool:
        """Whether it makes its actor."""
        return self._call.name.endswith("__init__")

    def need(self) -> Need | None:
        """See the class."""
        if self.done:
            return None
        if self.thread is not None:
            # An async actor's call may await: what it awaits is not known here.
            return None if self._call.kind == "async" else Need(Mode.ALL, (self.thread,))
        busy = self._engine.running(self._call)
        if busy is None:
            return None
        return Need(Mode.ANY, busy)

    def describe(self) -> str:
        """The call in the words of a message."""
        state = "running" if self.thread is not None else "queued"
        return f"the {state} call of `{self._call.name}`"


class RemoteCalls:
    """Follows the calls of the embedded engine while the guard is on; another observer goes on to be told."""

    def __init__(self) -> None:
        self._calls: dict[int, RunsCall] = {}
        self._running: dict[tuple[str, str], dict[int, Node]] = {}
        self._waits: dict[int, Wait] = {}
        self._before: Observer | None = None
        self._on = False

    def begin(self) -> None:
        """Observe the engine, where it is imported."""
        if "conclint_runtime.actors.observe" in sys.modules:
            from conclint_runtime.actors.observe import observe

            self._before = observe(self)
            self._on = True

    def end(self) -> None:
        """Leave it to the observer that there was before."""
        if self._on:
            from conclint_runtime.actors.observe import observe

            observe(self._before)
            self._on = False

    def node(self, call: ObservedCall) -> RunsCall:
        """The node of a call."""
        return self._calls.setdefault(call.number, RunsCall(call, self))

    def running(self, call: ObservedCall) -> tuple[Node, ...] | None:
        """What keeps a queued call from running; None where nothing does."""
        if call.actor_id is None or call.kind == "async":
            return None
        # The constructor runs on the actor's own thread before anything else.
        running = tuple(self._running.get((call.actor_id, call.group), {}).values())
        return running if len(running) >= call.workers else None

    def call_submitted(self, call: ObservedCall, submitter: ObservedCall | None) -> None:
        """A call was submitted."""
        self.node(call)
        if self._before is not None:
            self._before.call_submitted(call, submitter)

    def call_started(self, call: ObservedCall) -> None:
        """A call begins to run, on this thread."""
        node = self.node(call)
        node.thread = node_of(threading.current_thread())
        if call.actor_id is not None:
            self._running.setdefault((call.actor_id, call.group), {})[call.number] = node
        if self._before is not None:
            self._before.call_started(call)

    def call_finished(self, call: ObservedCall, error: BaseException | None) -> None:
        """A call has ended."""
        node = self._calls.pop(call.number, None)
        if node is not None:
            node.done = True
        if call.actor_id is not None:
            self._running.get((call.actor_id, call.group), {}).pop(call.number, None)
        if self._before is not None:
            self._before.call_finished(call, error)

    def wait_began(self, wait: ObservedWait) -> None:
        """A thread is about to block; its wait is judged by the next look, which may end the program, not the wait."""
        if wait.timeout is None and wait.calls:
            nodes = tuple(self.node(call) for call in wait.calls)
            registered = Wait(nodes, Mode.ALL if wait.all_needed else Mode.ANY)
            registered._outer = registered.thread.wait
            registered.thread.wait = registered
            self._waits[wait.thread] = registered
        if self._before is not None:
            self._before.wait_began(wait)

    def wait_ended(self, wait: ObservedWait) -> None:
        """The thread goes on."""
        registered = self._waits.pop(wait.thread, None)
        if registered is not None:
            registered.thread.wait = registered._outer
        if self._before is not None:
            self._before.wait_ended(wait)
