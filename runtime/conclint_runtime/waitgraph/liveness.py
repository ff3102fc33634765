"""Who can still go on: the least fixpoint of "live", read without a lock.

A node is live when it needs nothing, when all of its nodes are live (``ALL``), or when one of them is (``ANY``); the
least set that satisfies this is computed from the leaves, so a cycle does not keep itself alive. What is left over is
dead. No lock is taken, so one scan may mix the states of several moments; but a deadlock is *stable*: if a second scan
finds each dead node in the very same state, then all of them were in it between the two scans, at once.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from .cycles import cycle_from
from .explain import HEADLINE, spell
from .nodes import Mode, Need, Node
from .observed import observed_need
from .threads import ThreadNode

if TYPE_CHECKING:
    from .waits import Wait

QUICK_BUDGET = 64
"""Nodes that the judgement of a wait that begins may visit; what is not decided then waits for the first look."""

_PROOF_IS_FRESH = 0.5
"""Seconds for which a look may rely on another look's proof. A stale proof only delays a finding."""


_PLAIN_STEPS = 6


@runtime_checkable
class Condemnable(Protocol):
    """A node that can be told that it will never go on."""

    def condemn(self, deadlock: Deadlock) -> bool:
        """Make the waiter raise, soon, and say whether that can be done. Called from any thread."""


@dataclass(frozen=True, slots=True)
class Deadlock:
    """A set of nodes none of which can go on.

    Attributes:
        cycle: the nodes that wait for each other.
        steps: the cycle spelled out.
        certain: ``False`` where it rests on an assumption (``Need.likely``).
    """

    cycle: tuple[Node, ...]
    steps: tuple[str, ...]
    certain: bool = True

    def text(self) -> str:
        """The message of the error."""
        return "\n".join((HEADLINE, *self.steps))


class _Survey:
    """One reading of all that a node depends on."""

    def __init__(self, *, likely: bool, deep: bool, memo_after: float | None = None) -> None:
        self.needs: dict[Node, Need | None] = {}
        self.grounded = time.monotonic()
        self._likely = likely
        self._frames: dict[int, FrameType] = sys._current_frames() if deep else {}
        self._memo_after = memo_after

    def __enter__(self) -> _Survey:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # One of the frames is that of the caller, which keeps this survey: a cycle with all that any thread has.
        self._frames.clear()

    def read(self, node: Node) -> Need | None:
        need = node.need()
        if isinstance(node, ThreadNode):
            if need is None and self._frames:
                return observed_need(node, self._frames)
            wait = node.wait
            if self._memo_after is not None and wait is not None and wait.proved > self._memo_after:
                self.grounded = min(self.grounded, wait.proved)
                return None
        return None if need is not None and need.likely and not self._likely else need

    def explore(self, roots: Iterable[Node], root_need: tuple[Node, Need] | None = None) -> None:
        stack = list(roots)
        if root_need is not None:
            node, need = root_need
            self.needs[node] = need
            stack.extend(need.nodes)
        while stack:
            node = stack.pop()
            if node not in self.needs:
                self.needs[node] = found = self.read(node)
                if found is not None:
                    stack.extend(found.nodes)

    def dead(self) -> set[Node]:
        missing: dict[Node, int] = {}
        wanted_by: dict[Node, list[Node]] = {}
        ready: list[Node] = []
        for node, need in self.needs.items():
            if need is None or (need.mode is Mode.ALL and not need.nodes):
                ready.append(node)
                continue
            awaited = set(need.nodes)
            missing[node] = len(awaited) if need.mode is Mode.ALL else min(1, len(awaited)) or 1
            for one in awaited:
                wanted_by.setdefault(one, []).append(node)
        while ready:
            for waiter in wanted_by.get(ready.pop(), ()):
                left = missing.get(waiter, 0)
                if left:
                    missing[waiter] = left - 1
                    if left == 1:
                        ready.append(waiter)
        return {node for node, left in missing.items() if left}


def dead_nodes(roots: Iterable[Node], *, likely: bool = False, deep: bool = True) -> dict[Node, Need]:
    """Which of the nodes, and of all that they depend on, can never go on, each with what it needs.

    Parameters:
        roots: the nodes to ask about.
        likely: whether needs that rest on an assumption count.
        deep: whether waits count that are visible only in a thread's frames (joins, futures of other makers).
    """
    with _Survey(likely=likely, deep=deep) as first:
        first.explore(roots)
        return _confirmed(first, first.dead(), likely=likely, deep=deep)


def find_deadlock(wait: Wait, *, quick: bool, likely: bool = False) -> Deadlock | None:
    """The deadlock that a registered wait is part of, if any.

    Parameters:
        wait: the wait to judge; its thread must be in it.
        quick: give up after ``QUICK_BUDGET`` nodes, and do not look at frames (for a wait that begins).
        likely: whether needs that rest on an assumption count.
    """
    thread = wait.thread
    if quick:
        if _goes_on_plainly(wait.need):
            return None
        proof = _prove(wait.need, QUICK_BUDGET, {thread}, likely=likely)
        if proof is not False:
            return None
    now = time.monotonic()
    memo_after = None if quick else now - min(_PROOF_IS_FRESH, wait.slice())
    with _Survey(likely=likely, deep=not quick, memo_after=memo_after) as survey:
        survey.explore((), (thread, wait.need))
        dead = survey.dead()
        if thread not in dead:
            _remember(survey, dead)
            return None
        confirmed = _confirmed(survey, dead, likely=likely, deep=not quick)
    return deadlock_of(thread, confirmed) if thread in confirmed else None


def is_live(node: Node, depth: int = 4) -> bool:
    """Whether a glance proves that the node can go on; ``False`` says only that it does not.

    It does not look through a waiting thread, so a node may ask this about others in its own ``need``.
    """
    need = node.need()
    if need is None:
        return True
    if isinstance(node, ThreadNode) or not depth:
        return False
    verdicts = (is_live(one, depth - 1) for one in need.nodes)
    return all(verdicts) if need.mode is Mode.ALL else any(verdicts)


def deadlock_of(node: Node, dead: dict[Node, Need]) -> Deadlock:
    """The cycle that a dead node is on, or else the one that it waits for; spelled out.

    Where there is none (a lock whose owner has ended), it is the way from the node to what can never happen.
    """
    cycle = cycle_from(node, dead)
    return Deadlock(cycle, spell(cycle, dead), not any(dead[one].likely for one in cycle))


def condemn(deadlock: Deadlock) -> bool:
    """Tell every waiter of the cycle that can be told, and say whether there was one.

    A waiter in a call that nobody can interrupt ends when the others have.
    """
    told = False
    for node in deadlock.cycle:
        if isinstance(node, ThreadNode):
            wait = node.wait
            if wait is not None:
                told = True
                if wait.verdict is None:
                    wait.verdict = deadlock
                    if wait.wake is not None:
                        wait.wake()
        elif isinstance(node, Condemnable):
            told = node.condemn(deadlock) or told
    return told


def _remember(survey: _Survey, dead: set[Node]) -> None:
    for node in survey.needs:
        if isinstance(node, ThreadNode) and node not in dead:
            wait = node.wait
            if wait is not None and survey.needs[node] is wait.need and wait.proved < survey.grounded:
                wait.proved = survey.grounded


def _confirmed(first: _Survey, dead: set[Node], *, likely: bool, deep: bool) -> dict[Node, Need]:
    """The dead nodes, if a second reading finds each of them as it was; else none."""
    if not dead:
        return {}
    result: dict[Node, Need] = {}
    with _Survey(likely=likely, deep=deep) as again:
        for node in dead:
            need = again.read(node)
            if need is None or need != first.needs[node]:
                return {}
            result[node] = need
    return result


def _goes_on_plainly(need: Need) -> bool:
    """The proof that nearly every wait has: its job is run by a thread that waits for nothing, or soon will be."""
    for _ in range(_PLAIN_STEPS):
        nodes = need.nodes
        if len(nodes) != 1:
            return need.mode is Mode.ANY and any(node.need() is None for node in nodes)
        following = nodes[0].need()
        if following is None:
            return True
        need = following
    return False


def _prove(need: Need, budget: int, path: set[Node], *, likely: bool) -> bool | None:
    """Depth-first search for a proof of liveness: True, False (no proof), or None (budget spent)."""
    left = [budget]

    def can_end(need: Need, path: set[Node]) -> bool | None:
        undecided = False
        for node in need.nodes:
            left[0] -= 1
            if left[0] < 0:
                return None
            verdict: bool | None = False
            if node not in path:
                inner = node.need()
                if inner is None or (inner.likely and not likely):
                    verdict = True
                else:
                    path.add(node)
                    verdict = can_end(inner, path)
                    path.discard(node)
            if verdict is None:
                undecided = True
            elif verdict is (need.mode is Mode.ANY):
                return verdict
        return None if undecided else need.mode is Mode.ALL

    return can_end(need, path)
