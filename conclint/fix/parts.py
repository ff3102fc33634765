"""Pieces of an expression, named by their place in its syntax."""

from __future__ import annotations

import libcst as cst

from conclint.finding import Slot
from conclint.fix.refusal import RefusalError
from conclint.fix.tree import IGNORED, Tree


def inside_call(tree: Tree, call: cst.Call) -> tuple[int, int]:
    """The range between the parentheses of a call."""
    skipped = IGNORED.match(tree.text, tree.outer(call.func)[1])
    opened = skipped.end() if skipped else tree.outer(call.func)[1]
    return opened + 1, tree.range(call)[1] - 1


def picked(tree: Tree, slot: Slot) -> tuple[int, int]:
    """The range of a slot's part; an empty one between the parentheses of a call without arguments.

    Raises:
        RefusalError: the expression has no such part.
    """
    node: cst.CSTNode = tree.expression(*tree.source.range(slot.span))
    steps = slot.part.split(".")
    for index, step in enumerate(steps):
        last = index + 1 == len(steps)
        if step == "args" and last and isinstance(node, cst.Call):
            return _all_arguments(tree, node)
        if step == "clauses" and last:
            return _clauses(tree, node)
        if step != "args":
            before = steps[index - 1] if index else ""
            node = _step(node, step, among_arguments=before == "args")
    return tree.range(node)


def _step(node: cst.CSTNode, step: str, *, among_arguments: bool) -> cst.CSTNode:
    if among_arguments and isinstance(node, cst.Call):
        named = [item for item in node.args if item.keyword is not None and item.keyword.value == step]
        plain = [item for item in node.args if item.keyword is None]
        found = plain[int(step) : int(step) + 1] if step.isdecimal() else named
        if found:
            return found[0] if found[0].star else found[0].value
    elif step in {"func", "value", "elt"}:
        part = getattr(node, "expression" if isinstance(node, cst.Await) else step, None)
        if isinstance(part, cst.CSTNode):
            return part
    raise RefusalError(f"the expression has no part {step!r}")


def _all_arguments(tree: Tree, call: cst.Call) -> tuple[int, int]:
    if not call.args:
        return tree.range(call)[1] - 1, tree.range(call)[1] - 1
    return tree.range(call.args[0])[0], tree.range(call.args[-1])[1]


def _clauses(tree: Tree, node: cst.CSTNode) -> tuple[int, int]:
    loop = getattr(node, "for_in", None)
    if not isinstance(loop, cst.CompFor):
        raise RefusalError("the expression has no clauses")
    start, end = tree.outer(loop)
    skipped = IGNORED.match(tree.text, start, end)
    return skipped.end() if skipped else start, end
