"""Orders of locks that contradict each other, also when the run got away with it.

An order is an inversion when two threads took two locks in opposite orders, neither thread was over before the other
began, and no third lock kept them apart. Only waits without a bound count: who gives up cannot hang.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable
from dataclasses import dataclass

from conclint_runtime.guard.deadlocks.holders import Holder
from conclint_runtime.guard.deadlocks.owned_lock import OwnedLock, Taken

#: Observations kept of one order of two locks; more threads that do the same say nothing new.
_KEPT = 4
#: Pairs of locks that are remembered; a program with more is watched for those that came first.
_MOST_PAIRS = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Nesting:
    """One lock taken while another is held.

    Attributes:
        thread: who did it.
        at: the moment, on the clock of starts and joins.
        gates: the other locks held.
        outer: where the first was taken.
        inner: where the second was taken.
    """

    thread: Holder
    at: int
    gates: frozenset[int]
    outer: Taken
    inner: Taken


Found = Callable[[OwnedLock, OwnedLock, Nesting, Nesting], None]


class LockOrder:
    """The orders seen so far.

    Args:
        found: called once for each pair of locks that was taken in both orders, with both nestings.
    """

    def __init__(self, found: Found) -> None:
        self.clock = itertools.count(1)
        self._found = found
        self._seen: dict[tuple[int, int], list[Nesting]] = {}
        self._told: set[tuple[int, int]] = set()
        self._names: dict[int, weakref.ref[OwnedLock]] = {}

    def taken(self, holder: Holder) -> None:
        """A thread has taken one more lock while it holds others; called by that thread."""
        held = tuple(holder.held)
        inner = held[-1]
        for outer in held[:-1]:
            if outer is not inner and inner.taken is not None and outer.taken is not None:
                gates = frozenset(id(lock) for lock in held if lock is not inner and lock is not outer)
                self._note(outer, inner, Nesting(holder, next(self.clock), gates, outer.taken, inner.taken))

    def _note(self, outer: OwnedLock, inner: OwnedLock, nesting: Nesting) -> None:
        pair = (self._key(outer), self._key(inner))
        known = self._seen.get(pair)
        if known is None:
            if len(self._seen) >= _MOST_PAIRS:
                return
            known = self._seen.setdefault(pair, [])
        if any(one.thread is nesting.thread and one.gates == nesting.gates for one in known):
            return
        if len(known) < _KEPT:
            known.append(nesting)
        if pair in self._told:
            return
        for other in self._seen.get((pair[1], pair[0]), ()):
            if may_meet(nesting, other):
                self._told.update({pair, (pair[1], pair[0])})
                self._found(outer, inner, nesting, other)
                return

    def _key(self, lock: OwnedLock) -> int:
        key = id(lock)
        if key not in self._names:
            self._names[key] = weakref.ref(lock, lambda _: self._forget(key))
        return key

    def _forget(self, key: int) -> None:
        self._names.pop(key, None)
        for pair in [pair for pair in self._seen if key in pair]:
            self._seen.pop(pair, None)
            self._told.discard(pair)


def may_meet(one: Nesting, other: Nesting) -> bool:
    """Whether two nestings of opposite order could have come at the same time."""
    if one.thread is other.thread or one.gates & other.gates:
        return False
    early, late = (one, other) if one.at < other.at else (other, one)
    # What a thread did before it started the other one, or what one did that was joined before the other began.
    return not _over_before(early, late.thread)


def _over_before(early: Nesting, thread: Holder) -> bool:
    if early.thread.joined and early.thread.joined < thread.began:
        return True
    return thread.starter is early.thread and early.at < thread.began
