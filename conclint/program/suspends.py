"""Whether an `await` gives up control: another task can run there only if it does."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from conclint.facts import Await, Call, Const, Expr
from conclint.program import guards
from conclint.program.calls import Target
from conclint.program.model import Func, argument_of, last_name, operands, parts
from conclint.program.values import Coroutine

if TYPE_CHECKING:
    from conclint.program.program import Program

_DEPTH = 9
# What only waits until its time is up at the latest, and which argument says when.
_TIMED = {"asyncio.sleep": "0:delay", "asyncio.wait_for": "1:timeout", "asyncio.wait": "timeout"}
Arguments: TypeAlias = "Mapping[str, guards.Known]"


_NOTHING: Arguments = MappingProxyType({})


def may_suspend(program: Program, func: Func, index: int) -> bool:
    """Whether the await of that number may suspend; what is not known may."""
    return _await(program, func, index, _NOTHING, _DEPTH)


def seems_to_suspend(program: Program, func: Func, index: int) -> bool:
    """Whether an await may suspend, also by its name: not if what its module has of that name never does.

    For claims that something happens meanwhile; whoever claims that nothing does asks `may_suspend`.
    """
    op = func.ops[index]
    if not may_suspend(program, func, index):
        return False
    call = func.ops[op.value] if isinstance(op, Await) and isinstance(op.value, int) else None
    if not isinstance(call, Call) or program.calls.targets(func, op.value):  # type: ignore[union-attr, arg-type]  # an await
        return True
    name = last_name(call.func)
    named = [one for one in func.module.functions if one.is_async and one.is_method and one.name == name]
    return not named or any(_suspends(program, one, _NOTHING, _DEPTH) for one in named)


def call_may_suspend(program: Program, func: Func, index: int) -> bool:
    """Whether the coroutine that a call makes may suspend before it ends, with the arguments of that call."""
    return _call(program, func, index, _NOTHING, _DEPTH)


def waits_for_timers_alone(program: Program, func: Func, index: int) -> bool:
    """Whether all that the coroutine of a call waits for is a timer of its loop, which keeps who waits for it."""
    started = program.calls.targets(func, index)
    return bool(started) and all(_is_timed(program, target.func, _DEPTH) for target in started)


def _is_timed(program: Program, callee: Func, depth: int) -> bool:
    if not callee.is_async or callee.fact.decorators or callee.fact.is_generator or not callee.ops or depth == 0:
        return False
    if any(block.kind in ("async-for", "async-comp", "async-with") for block in callee.body.blocks):
        return False
    waits = [op.value for op in callee.ops if isinstance(op, Await)]
    return bool(waits) and all(_is_timer(program, callee, value, depth) for value in waits)


def _is_timer(program: Program, func: Func, awaited: Expr, depth: int) -> bool:
    call = func.ops[awaited] if isinstance(awaited, int) else None
    if not isinstance(awaited, int) or not isinstance(call, Call):
        return False
    if call.func in _TIMED:
        limit = argument_of(call, _TIMED[call.func])
        return limit is not None and limit != Const(None)
    targets = program.calls.targets(func, awaited)
    return bool(targets) and all(_is_timed(program, target.func, depth - 1) for target in targets)


def _await(program: Program, func: Func, index: int, known: Arguments, depth: int) -> bool:
    op = func.ops[index]
    if not isinstance(op, Await) or op.value is None or depth == 0:
        return True
    if isinstance(op.value, int) and isinstance(func.ops[op.value], Call):
        return _call(program, func, op.value, known, depth - 1)
    values = program.evaluator.of(op.value, func, index)
    return not values or any(
        not isinstance(value, Coroutine)
        or _is_overridden(program, value.func)
        or _suspends(program, value.func, _NOTHING, depth - 1)
        for value in values
    )


def _call(program: Program, func: Func, index: int, known: Arguments, depth: int) -> bool:
    op = func.ops[index]
    targets = program.calls.targets(func, index)
    if not isinstance(op, Call) or not targets or depth == 0:
        return True
    # The overrides of a method are among its targets.
    return any(_suspends(program, target.func, _passed(target, op, func, known), depth) for target in targets)


def _passed(target: Target, call: Call, caller: Func, known: Arguments) -> Arguments:
    """The constants that a call passes, also those that its caller was passed itself."""
    found: dict[str, guards.Known] = {}
    for name, value in guards.arguments(target.func, call, target.bound).items():
        if isinstance(value, Const):
            found[name] = value.value
        elif isinstance(value, str) and value[1:] in known and value[0] == "$" and value[1:] not in caller.assignments:
            found[name] = known[value[1:]]
    return found


def _suspends(program: Program, callee: Func, known: Arguments, depth: int) -> bool:
    """Whether what a coroutine function does with these arguments may suspend."""
    # A body of `...` or `pass` is a promise of one, as in a protocol.
    if not callee.is_async or callee.fact.decorators or callee.fact.is_generator or not callee.ops:
        return True
    for block in callee.body.blocks:
        if block.kind in ("async-for", "async-comp", "async-with") and _is_reached(callee, block.parent, known):
            return True
    return any(
        isinstance(op, Await)
        and op.value is not None
        and _is_reached(callee, op.block, known)
        and _await(program, callee, at, known, depth)
        for at, op in enumerate(callee.ops)
    )


def _is_reached(func: Func, block: int, known: Arguments) -> bool:
    for condition in guards.own(func, block):
        value = guards.evaluate(condition.test, known)
        if guards.is_known(value) and bool(value) is not condition.truth:
            return False
    return True


def _is_overridden(program: Program, func: Func) -> bool:
    cls = func.cls
    return cls is not None and program.heirs.is_overridden(cls, func.name)


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
