"""Whether an `await` gives up control: another task can run there only if it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conclint.facts import Await, Call, Expr
from conclint.program.model import Func, operands, parts
from conclint.program.values import Coroutine

if TYPE_CHECKING:
    from conclint.program.program import Program

_DEPTH = 5


def may_suspend(program: Program, func: Func, index: int) -> bool:
    """Whether the await of that number may suspend; what is not known may."""
    return _may(program, func, index, _DEPTH)


def _may(program: Program, func: Func, index: int, depth: int) -> bool:
    op = func.ops[index]
    if not isinstance(op, Await) or op.value is None or depth == 0:
        return True
    values = program.evaluator.of(op.value, func, index)
    if not values or not all(isinstance(value, Coroutine) for value in values):
        return True
    for value in values:
        assert isinstance(value, Coroutine)
        callee = value.func
        if callee.fact.decorators or _is_overridden(program, callee):
            return True
        if any(
            isinstance(inner, Await) and _may(program, callee, at, depth - 1) for at, inner in enumerate(callee.ops)
        ):
            return True
        if any(block.kind in ("async-for", "async-comp", "async-with") for block in callee.body.blocks):
            return True
    return False


def _is_overridden(program: Program, func: Func) -> bool:
    cls = func.cls
    return cls is not None and any(func.name in below.methods for below in program.below(cls))


def awaits_in(func: Func, expr: Expr) -> list[int]:
    """The awaits that are evaluated as part of an expression."""
    found: list[int] = []
    todo = list(operands(expr))
    while todo:
        number = todo.pop()
        op = func.ops[number]
        if isinstance(op, Await):
            found.append(number)
        if isinstance(op, Await | Call):
            todo.extend(used for part in parts(op) for used in operands(part))
    return sorted(found)
