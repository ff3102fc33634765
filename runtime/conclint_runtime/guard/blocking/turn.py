"""One turn of a loop that takes long: what the monitor saw of it, and what follows from that."""

from __future__ import annotations

import ast
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from conclint_runtime.guard.blocking.tables import Known
from conclint_runtime.guard.places import Place, Stack
from conclint_runtime.guard.source import around

# The loop's own thread keeps it busy where it computes for this part of the threshold itself: its own processor time,
# not
# the clock on the wall, which runs for a loop that waits for the others too.
_BUSY = 0.75
STARVED = "loop-starved"
# What the rest of the process may compute beside a blocking call before that call may be innocent.
_LITTLE = 0.3


@dataclass(frozen=True, slots=True)
class Look:
    """What the monitor saw: the innermost frame of the program and its instruction, the stack, the call of the
    tables."""

    key: tuple[int, int]
    stack: Stack
    known: Known | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a long turn is reported as."""

    code: str | None
    name: str
    message: str
    stack: Stack
    detail: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Moment:
    """When a look was taken, and the seconds that the loop's thread and the process had computed by then."""

    at: float
    own: float
    total: float


@dataclass(slots=True)
class Turn:
    """A turn while it lasts: when it began, and the looks at it."""

    started: float
    looks: list[tuple[Moment, Look]] = field(default_factory=list)


def _thread_seconds(thread: int) -> float:
    """The seconds that another thread has computed; 0 where the system does not tell."""
    clock_of = getattr(time, "pthread_getcpuclockid", None)
    try:
        return time.clock_gettime(clock_of(thread)) if clock_of is not None else 0.0
    except OSError:
        return 0.0


def moment(thread: int, now: float) -> Moment:
    """What the clocks say now of a thread."""
    return Moment(now, _thread_seconds(thread), time.process_time())


def verdicts(turn: Turn, end: Moment, threshold: float) -> Iterator[Verdict]:
    """What to report of a turn that took too long: the stretches of it that were long themselves.

    Args:
        turn: the turn.
        end: what the clocks say at its end.
        threshold: how long, in seconds, a stretch must be to be reported.
    """
    found = False
    for first, last, stretch in _stretches(turn, end):
        if last.at - first.at >= threshold / 2:
            found = True
            yield _verdict(stretch, first, last, threshold)
    if not found:
        stack = turn.looks[0][1].stack if turn.looks else ()
        yield Verdict(None, STARVED, "a turn of the event loop took long, and was not seen to wait", stack)


def _stretches(turn: Turn, end: Moment) -> Iterator[tuple[Moment, Moment, list[Look]]]:
    """The turn in pieces: those in which all looks saw one instruction that is a known call, and what is between."""
    started: Moment | None = None
    stretch: list[Look] = []
    for number, (at, look) in enumerate(turn.looks):
        still = look.known is not None
        if started is not None and (still or stretch[-1].known is not None) and stretch[-1].key != look.key:
            yield started, at, stretch
            started, stretch = None, []
        if started is None:
            # The first look comes a step after the beginning; what was before it was not seen.
            started = at if number else Moment(turn.started, at.own, at.total)
        stretch.append(look)
    if started is not None:
        yield started, end, stretch


def _verdict(looks: list[Look], first: Moment, last: Moment, threshold: float) -> Verdict:
    stacks = [look.stack for look in looks if look.stack]
    lasted = last.at - first.at
    if not stacks:
        return Verdict(None, STARVED, "a turn of the event loop took long in no frame of the program's", ())
    own = last.own - first.own
    beside = (last.total - first.total - own) / lasted
    if own >= _BUSY * threshold:
        return _computing(_common(stacks), own)
    known = looks[0].known
    agreed = len(looks) > 1 and len({look.key for look in looks}) == 1
    if known is not None and known.code is not None and agreed and beside < _LITTLE:
        message = f"`{known.name}` stopped the event loop: every task of the loop stood still meanwhile"
        return Verdict(known.code, "", message, stacks[0], seconds=lasted)
    detail = f"other threads computed for {beside:.0%} of the time" if beside >= _LITTLE else ""
    message = "a turn of the event loop took long: what it was doing is not known to block"
    return Verdict(None, STARVED, message, _common(stacks), detail, lasted)


def _computing(stack: Stack, own: float) -> Verdict:
    message = "the event loop's own thread computed without a pause: every task of the loop stood still meanwhile"
    return Verdict("CON109", "", message, _with_loop(stack), f"the thread computed for {own * 1000:.0f} ms")


def _common(stacks: list[Stack]) -> Stack:
    """The frames that all looks share, from the outermost inwards, with the lines of the first look."""
    shared = stacks[0]
    for stack in stacks[1:]:
        kept = 0
        for mine, other in zip(reversed(shared), reversed(stack), strict=False):
            if (mine.file, mine.function) != (other.file, other.function):
                break
            kept += 1
        shared = shared[len(shared) - kept :]
    return shared


def _with_loop(stack: Stack) -> Stack:
    """The stack, led by the line of the innermost loop statement that its first place is in."""
    if stack:
        place = stack[0]
        for statement in around(place.file, place.line):
            if isinstance(statement, ast.For | ast.While | ast.AsyncFor) and statement.lineno != place.line:
                return (Place(place.file, statement.lineno, place.function), *stack)
    return stack
