"""References whose value is there: the same function has waited for them, or has seen that they are ready."""

from __future__ import annotations

from conclint.facts import Assign, Await, Call, Const, Expr, Item, Mix
from conclint.program.guards import conditions
from conclint.program.model import Func, chains, last_name, operands


def is_ready(func: Func, call: Call | None) -> bool:
    """Whether the argument of this fetch of `func` is known not to be waited for there."""
    if call is None or not call.args or last_name(call.func) != "get":
        return False
    argument = call.args[0]
    if _from_ready(func, argument, 3):
        return True
    return isinstance(argument, str) and (_seen_ready(func, call, argument) or _awaited(func, call, argument))


def _from_ready(func: Func, value: Expr, depth: int) -> bool:
    """Whether it is, or comes out of, the first list that `ray.wait` gives, or is given by `async for`."""
    if depth == 0:
        return False
    if isinstance(value, Mix) and value.kind == "aeach":
        # `async for ref in generator` waits until the next value is there.
        return True
    if isinstance(value, Mix) and value.kind == "each":
        return _from_ready(func, value.items[0], depth)
    if isinstance(value, int):
        made = func.ops[value]
        if isinstance(made, Call) and isinstance(made.func, str) and made.func.endswith(".pop"):
            return _from_ready(func, made.func.removesuffix(".pop"), depth - 1)
        return False
    if isinstance(value, Item):
        return (value.index == Const(0) and _waits(func, value.base)) or _from_ready(func, value.base, depth - 1)
    if isinstance(value, str) and value[0] == "$" and "." not in value:
        given = func.assignments.get(value[1:], [])
        return bool(given) and all(_from_ready(func, op.value, depth - 1) for _, op in given)
    return False


def _waits(func: Func, value: Expr) -> bool:
    made = func.ops[value] if isinstance(value, int) else None
    return isinstance(made, Call) and last_name(made.func) == "wait"


def _seen_ready(func: Func, call: Call, argument: str) -> bool:
    """Whether a test around the fetch reads what a `ray.wait` for the same reference gave."""
    for condition in conditions(func, call.block):
        for chain in chains(condition.test):
            for _, op in func.assignments.get(chain[1:], ()):
                if isinstance(op, Assign) and isinstance(op.value, Item) and _waits(func, op.value.base):
                    waited = func.ops[op.value.base] if isinstance(op.value.base, int) else None
                    if isinstance(waited, Call) and any(argument in chains(one) for one in waited.args):
                        return True
    return False


def _awaited(func: Func, call: Call, argument: str) -> bool:
    """Whether the reference was awaited before, alone or among others, on every way to the fetch."""
    for op in func.ops:
        if op is call:
            return False
        if isinstance(op, Await) and func.encloses(op.block, call.block):
            if argument in chains(op.value):
                return True
            for number in operands(op.value):
                taken = func.ops[number]
                if isinstance(taken, Call) and any(argument in chains(one) for one in taken.args):
                    return last_name(taken.func) in ("gather", "wait", "wait_for", "shield", "wrap_future")
    return False
