"""Where the part of an expression that a slot names stands in the old source."""

from __future__ import annotations

import libcst as cst

from conclint.finding import Slot
from conclint.fix.refusal import RefusalError
from conclint.fix.tree import Tree


def part_range(tree: Tree, slot: Slot) -> tuple[int, int]:
    """The range of the old text that `slot` means, in characters.

    Raises:
        RefusalError: there is no expression at its span, or it has no such part.
    """
    start, end = tree.source.range(slot.span)
    if not slot.part:
        return start, end
    node: cst.CSTNode = tree.expression(start, end)
    steps = slot.part.split(".")
    while steps:
        step = steps.pop(0)
        if step == "args" and isinstance(node, cst.Call):
            if not steps:
                return _all_arguments(tree, node)
            node = _argument(node, steps.pop(0))
        elif step == "clauses" and isinstance(node, cst.BaseComp | cst.DictComp):
            return tree.range(node.for_in)[0], tree.range(node.for_in)[1]
        else:
            found = getattr(node, step, None) if step in _STEPS else None
            if not isinstance(found, cst.BaseExpression):
                raise RefusalError(f"the expression has no part {slot.part!r}")
            node = found
    return tree.range(node)


_STEPS = frozenset(("func", "value", "elt", "expression", "left", "right"))


def _all_arguments(tree: Tree, call: cst.Call) -> tuple[int, int]:
    if not call.args:
        end = tree.range(call)[1] - 1
        return end, end
    if len(call.args) == 1 and isinstance(call.args[0].value, cst.GeneratorExp):
        return tree.range(call.args[0].value)
    return tree.range(call.args[0])[0], tree.range(call.args[-1])[1]


def _argument(call: cst.Call, which: str) -> cst.BaseExpression:
    if which.isdigit() and int(which) < len(call.args):
        return call.args[int(which)].value
    for argument in call.args:
        if argument.keyword is not None and argument.keyword.value == which:
            return argument.value
    raise RefusalError(f"the call has no argument {which!r}")
