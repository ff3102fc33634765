"""Whether an `await` gives up control: another task can run there only if it does."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from conclint.facts import Await, Call, Expr
from conclint.program import guards
from conclint.program.model import Func, operands, parts
from conclint.program.values import Coroutine

if TYPE_CHECKING:
    from conclint.program.program import Program

_DEPTH = 6


def may_suspend(program: Program, func: Func, index: int) -> bool:
    """Whether the await of that number may suspend; what is not known may."""
    return _await(program, func, index, _DEPTH)


def call_may_suspend(program: Program, func: Func, index: int) -> bool:
    """Whether the coroutine that a call makes may suspend before it ends, with the arguments of that call."""
    return _call(program, func, index, _DEPTH)


def _await(program: Program, func: Func, index: int, depth: int) -> bool:
    op = func.ops[index]
    if not isinstance(op, Await) or op.value is None or depth == 0:
        return True
    if isinstance(op.value, int) and isinstance(func.ops[op.value], Call):
        return _call(program, func, op.value, depth - 1)
    values = program.evaluator.of(op.value, func, index)
    return not values or not all(
        isinstance(value, Coroutine) and not _body(program, value.func, depth - 1) for value in values
    )


def _call(program: Program, func: Func, index: int, depth: int) -> bool:
    op = func.ops[index]
    targets = program.calls.targets(func, index)
    if not isinstance(op, Call) or not targets or depth == 0:
        return True
    # The overrides of a method are among its targets.
    return any(
        not target.func.is_async
        or _suspends(program, target.func, depth, partial(_reached, target.func, op, target.bound, func))
        for target in targets
    )


def _always(block: int) -> bool:
    return block >= 0


def _reached(callee: Func, call: Call, bound: bool, caller: Func, block: int) -> bool:
    return guards.through_call(guards.own(callee, block), callee, call, bound, caller) is not None


def _body(program: Program, callee: Func, depth: int) -> bool:
    """Whether the coroutine of a function may suspend, whatever its arguments are."""
    return not callee.is_async or _is_overridden(program, callee) or _suspends(program, callee, depth, _always)


def _suspends(program: Program, callee: Func, depth: int, reached: Callable[[int], bool]) -> bool:
    """Whether what a coroutine function does, in the blocks that are reached, may suspend."""
    # A body of `...` or `pass` is a promise of one, as in a protocol.
    if callee.fact.decorators or callee.fact.is_generator or not callee.ops:
        return True
    for block in callee.body.blocks:
        if block.kind in ("async-for", "async-comp", "async-with") and reached(block.parent):
            return True
    return any(
        isinstance(op, Await) and op.value is not None and reached(op.block) and _await(program, callee, at, depth)
        for at, op in enumerate(callee.ops)
    )


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
