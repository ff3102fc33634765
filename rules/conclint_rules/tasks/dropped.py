"""What the rules of this family share: results that nobody keeps, and fresh names for fixes."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from conclint.facts import Assign, Call, Gather, Mix, Use
from conclint.program.model import Func, chains, last_name, parts
from conclint.program.program import Program

_EXPECTS = frozenset(
    (
        "assertRaises",
        "assertRaisesRegex",
        "assertWarns",
        "assertWarnsRegex",
        "catch_warnings",
        "deprecated_call",
        "raises",
        "suppress",
        "warns",
    )
)


@dataclass(frozen=True, slots=True)
class Dropped:
    """A call whose result is lost: thrown away on the spot, or bound to the local `name` that nothing reads."""

    func: Func
    at: int
    call: Call
    name: str


def dropped_calls(program: Program, names: AbstractSet[str]) -> Iterator[Dropped]:
    """The calls, written with one of these last names, whose results are lost."""
    for name in program.used(names):
        for func in program.users(name):
            if not func.module.reported:
                continue
            for index in func.calls_by_name.get(name, ()):
                found = _dropped(func, index)
                if found is not None:
                    yield found


def _dropped(func: Func, index: int) -> Dropped | None:
    call = func.ops[index]
    if not isinstance(call, Call):
        return None
    if call.use == Use.DISCARDED:
        return Dropped(func, index, call, "")
    if call.use not in (Use.ASSIGNED, Use.COLLECTED):
        return None
    taker = func.ops[func.consumers[index]] if index in func.consumers else None
    if call.use == Use.ASSIGNED and isinstance(taker, Assign):
        return _unread(func, index, call, taker)
    if call.use == Use.COLLECTED and isinstance(taker, Gather):
        # A comprehension that is a statement: a loop in disguise.
        if taker.element == index and taker.use == Use.DISCARDED and taker.kind in ("list", "set"):
            return Dropped(func, index, call, "")
    return None


def _unread(func: Func, index: int, call: Call, taker: Assign) -> Dropped | None:
    target = taker.target
    if not isinstance(target, str) or target[0] != "$" or "." in target or taker.how != "":
        return None
    bare = taker.value == index or (isinstance(taker.value, Mix) and taker.value.items[-1:] == (index,))
    targets = sum(isinstance(op, Assign) and op.value == taker.value for op in func.ops)
    name = target[1:]
    if not bare or targets > 1 or name in func.body.loads or "locals" in func.fact.names:
        return None
    return Dropped(func, index, call, name)


def is_expected(func: Func, block: int) -> bool:
    """Whether the block is there to see an exception or a warning: `with pytest.raises(…):` and its like."""
    for _, around in func.block_path(block):
        if around.kind in ("with", "async-with") and isinstance(around.value, int):
            made = func.ops[around.value]
            if isinstance(made, Call) and last_name(made.func) in _EXPECTS:
                return True
    return False


def fresh_name(func: Func, wanted: str) -> str:
    """A name like `wanted` that means nothing yet in a function, nor in those nested in it."""
    used: set[str] = set()
    for one in func.module.functions:
        if one is func or one.is_nested_in(func):
            used |= _names_in(one)
    name, number = wanted, 1
    while name in used:
        number += 1
        name = f"{wanted}_{number}"
    return name


def _names_in(func: Func) -> set[str]:
    used = {param.name for param in func.fact.params} | set(func.body.loads)
    for op in func.ops:
        expressions = [*parts(op), getattr(op, "target", None)]
        for expression in expressions:
            used.update(chain.partition(".")[0].rpartition(":")[2].lstrip("$?@") for chain in chains(expression))
    return used
