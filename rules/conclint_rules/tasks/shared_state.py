"""What rules about state that several tasks see have in common: whether it is shared, and whether a lock guards it."""

from __future__ import annotations

import re

from conclint.facts import Expr, Item
from conclint.program.model import Func, chains, operands, parts
from conclint.program.program import Program

_LOCKS = ("lock", "rlock", "condition", "semaphore", "async-lock", "async-condition", "async-semaphore")
_LOCK_NAME = re.compile(r"(^|[._$:])(\w*lock|\w*mutex|\w*sem(aphore)?|\w*cond(ition)?|\w*guard)(\b|$)", re.IGNORECASE)


def under_lock(program: Program, func: Func, block: int) -> bool:
    """Whether a block is entered with something held that looks like a lock, by its type or by its name."""
    for _, around in func.block_path(block):
        if around.kind not in ("with", "async-with"):
            continue
        if any(_LOCK_NAME.search(chain) for chain in _manager_names(func, around.value)):
            return True
        at = around.value if isinstance(around.value, int) else len(func.ops)
        for value in program.evaluator.of(around.value, func, at):
            if program.knowledge.role(str(getattr(value, "type", ""))) in _LOCKS:
                return True
    return False


def _manager_names(func: Func, value: Expr) -> list[str]:
    found = list(chains(value))
    for number in operands(value):
        for part in parts(func.ops[number]):
            found.extend(chains(part))
    return found


def shared_chain(func: Func, target: Expr) -> str:
    """The chain of names by which all tasks mean the same state, as it is written in `func`; "" for what is its own.

    That is a global, or an attribute of the object whose method `func` is; of an item the container that it is in.
    """
    while isinstance(target, Item):
        target = target.base
    if not isinstance(target, str):
        return ""
    if target[0] == ":":
        return target
    root, dot, _ = target.partition(".")
    of_self = target[0] == "$" and dot and func.is_method and root[1:] == func.self_name
    return target if of_self and not func.is_classmethod else ""
