"""From a place upwards to those who run it, one path for each call that leads there.

Other than `Effects.reach` this does not end at a kind of function: whoever asks decides for each path, and by the edge,
for what is held or guarded differs from one call of a function to the next. Module statements are reached too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from conclint.finding import Confidence
from conclint.program import guards
from conclint.program.calls import Edge
from conclint.program.effects import HOPS, Path, Primitive
from conclint.program.guards import Residual
from conclint.program.model import Func

if TYPE_CHECKING:
    from conclint.program.program import Program

Follow = Callable[[Edge], bool]


def climb(program: Program, primitive: Primitive, follow: Follow | None = None, hops: int = HOPS) -> Iterator[Path]:
    """The primitive itself, then a path for each feasible call that leads to it, shortest first.

    Of each function only the shortest path is followed further. `follow` may refuse an edge.
    """
    start = Path(primitive.func, (), primitive, _step(primitive.func, primitive.block, primitive.confidence), False)
    yield start
    seen: set[tuple[Func, Residual]] = {(primitive.func, primitive.residual)}
    level: list[tuple[Path, Residual]] = [(start, primitive.residual)]
    for _ in range(hops):
        following: list[tuple[Path, Residual]] = []
        for path, residual in level:
            for edge in program.calls.callers(path.root):
                if follow is not None and not follow(edge):
                    continue
                rest = _rest(residual, edge)
                if rest is None:
                    continue
                confidence = _step(edge.caller, edge.block, min(path.confidence, edge.confidence))
                once = path.once or guards.fills_memo(edge.caller, edge.block)
                longer = Path(edge.caller, (edge, *path.edges), primitive, confidence, once)
                yield longer
                if (edge.caller, rest) not in seen:
                    seen.add((edge.caller, rest))
                    following.append((longer, rest))
        level = following


def _rest(residual: Residual, edge: Edge) -> Residual | None:
    if guards.is_dead(edge.caller, edge.block):
        return None
    rest = guards.through_call(residual, edge.callee, edge.call, edge.bound, edge.caller)
    return None if rest is None else rest | guards.own(edge.caller, edge.block)


def _step(func: Func, block: int, confidence: Confidence) -> Confidence:
    return min(confidence, Confidence.LIKELY) if guards.is_conditional(func, block) else confidence


def conditional_within(func: Func, block: int, outer: int) -> bool:
    """Whether a branch lies between `block` and the block `outer` around it."""
    for number, found in func.block_path(block):
        if number == outer:
            return False
        if found.kind in guards.BRANCHES:
            return True
    return False
