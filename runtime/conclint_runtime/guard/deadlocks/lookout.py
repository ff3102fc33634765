"""Looks at all threads now and then: what closes a circle without beginning a wait is found here."""

from __future__ import annotations

import asyncio
import sys
from types import FrameType

from conclint_runtime.guard.deadlocks import quiescence, stuck_loops
from conclint_runtime.guard.deadlocks.pipes import full_pipe
from conclint_runtime.guard.deadlocks.quiescence import LOOKS, Sleeper
from conclint_runtime.guard.deadlocks.verdicts import Verdicts
from conclint_runtime.guard.places import Scope
from conclint_runtime.waitgraph import (
    Awaitable,
    Deadlock,
    Need,
    Node,
    ThreadNode,
    condemn,
    dead_nodes,
    deadlock_of,
    known_threads,
)

#: Seconds between two looks.
STEP = 0.05
#: A circle that only likely cannot open is told when so many looks in a row have seen it.
_LIKELY_LOOKS = 6


class Lookout:
    """The looks of one guard.

    Args:
        scope: which files are the program's.
        verdicts: is told what is found.
    """

    def __init__(self, scope: Scope, verdicts: Verdicts) -> None:
        self._scope = scope
        self._verdicts = verdicts
        self._asleep: list[Sleeper] = []
        self._quiet = 0
        self._likely: dict[frozenset[Node], int] = {}
        self._pipes: dict[int, int] = {}
        self._told_pipes: set[int] = set()
        self._told_quiet = False

    def look(self) -> None:
        """One look; called by the monitor."""
        self._circles()
        self._quiescence()
        self._full_pipes()

    def _circles(self) -> None:
        threads = _identified()
        if not any(thread.wait is not None for thread in threads):
            return
        for deadlock in _deadlocks(dead_nodes(threads)):
            if self._verdicts.deadlock(deadlock):
                condemn(deadlock)
        seen = {frozenset(one.cycle): one for one in _deadlocks(dead_nodes(threads, likely=True)) if not one.certain}
        self._likely = {key: self._likely.get(key, 0) + 1 for key in seen}
        for key, looks in self._likely.items():
            if looks == _LIKELY_LOOKS and len([node for node in key if hasattr(node, "ended")]) > 1:
                self._verdicts.deadlock(seen[key])

    def _quiescence(self) -> None:
        found = quiescence.sleepers(self._scope)
        before, self._asleep = self._asleep, found or []
        if found is None or len(found) != len(before) or not all(one.same(two) for one, two in zip(found, before)):
            self._quiet = 0
            return
        self._quiet += 1
        if self._quiet < LOOKS or self._told_quiet:
            return
        missed = quiescence.worth_telling(found)
        if missed:
            self._told_quiet = True
            self._tell(missed)

    def _tell(self, missed: list[Sleeper]) -> None:
        likely = dead_nodes(_identified(), likely=True)
        for deadlock in _deadlocks(likely):
            # Nobody is left who could give the lock back for its owner.
            self._verdicts.deadlock(Deadlock(deadlock.cycle, deadlock.steps))
            return
        for one in missed:
            loop = one.wait.thing if one.wait is not None else None
            if isinstance(loop, asyncio.AbstractEventLoop) and stuck_loops.tell(loop, self._scope, self._verdicts):
                return
        code, message = quiescence.code_of(missed)
        names = "; ".join(
            f"{one.thread.name} in {one.wait.primitive if one.wait is not None else 'a wait for another'}"
            for one in missed
        )
        frames: list[FrameType | None] = [one.frame for one in missed]
        self._verdicts.quiescence(code, message, frames, names)

    def _full_pipes(self) -> None:
        now: dict[int, int] = {}
        for ident, frame in sys._current_frames().items():
            name = full_pipe(frame)
            if name is None or ident in self._told_pipes:
                continue
            now[ident] = self._pipes.get(ident, 0) + 1
            if now[ident] == LOOKS:
                self._told_pipes.add(ident)
                message = f"the child waits until its {name} is read, and its parent waits for the child"
                self._verdicts.hang("CON404", message, frame, "the pipe holds all that it can")
        self._pipes = now


def _identified() -> tuple[ThreadNode, ...]:
    """All threads; one that was first met while it was being started gets the identifier that its frames go by."""
    threads = known_threads()
    for node in threads:
        thread = node.thread() if node.ident is None else None
        if thread is not None:
            node.ident = thread.ident
    return threads


def _deadlocks(dead: dict[Node, Need]) -> list[Deadlock]:
    found: dict[frozenset[Node], Deadlock] = {}
    for node in dead:
        if not isinstance(node, Awaitable):
            deadlock = deadlock_of(node, dead)
            found.setdefault(frozenset(deadlock.cycle), deadlock)
    return list(found.values())
