"""Which assignments of a local may be the last before it is read."""

from __future__ import annotations

from conclint.facts import Assign, Expr
from conclint.program.model import LOOPS, Func


def reaching(func: Func, assignments: list[tuple[int, Assign]], at: int) -> tuple[list[tuple[int, Assign]], bool]:
    """The assignments that may be the last before operation `at`, and whether the value at entry may be."""
    if at >= len(func.ops):
        return assignments, True
    use_block = func.ops[at].block
    before = [(index, op) for index, op in assignments if index < at]
    entry = True
    start = 0
    for position in range(len(before) - 1, -1, -1):
        _, op = before[position]
        if func.encloses(op.block, use_block) and op.how != "del":
            start, entry = position, False
            break
    reaching = before[start:] if not entry else before
    reaching = [(index, op) for index, op in reaching if not _excluded(func, op.block, use_block)]
    loop = func.loop_around(use_block)
    if loop >= 0:
        dominated = reaching and func.encloses(loop, reaching[0][1].block) and not entry
        if not dominated:
            reaching = reaching + [
                (index, op) for index, op in assignments if index >= at and func.encloses(loop, op.block)
            ]
    return reaching, entry


def _excluded(func: Func, assigned: int, used: int) -> bool:
    """Whether an assignment stands in a branch that leaves, or in the opposite branch of the use."""
    blocks = func.body.blocks
    while assigned > 0:
        block = blocks[assigned]
        if func.encloses(assigned, used):
            return False
        if block.exits in ("return", "raise", "exit") and block.kind not in LOOPS:
            return True
        if block.kind in ("if", "else"):
            inner = used
            while inner > 0:
                other = blocks[inner]
                if (
                    other.parent == block.parent
                    and other.value == block.value
                    and other.kind != block.kind
                    and (other.kind in ("if", "else"))
                ):
                    return True
                inner = other.parent
        assigned = block.parent
    return False


def stored_at(func: Func, value: Expr) -> int:
    """Where a field's value is read: at the assignment that stores it."""
    for index, op in enumerate(func.ops):
        if isinstance(op, Assign) and op.value == value and isinstance(op.target, str) and "." in op.target:
            return index
    return -1
