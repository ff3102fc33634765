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


def part_range(tree: Tree, slot: Slot) -> tuple[int, int]:
    """The range of the old text that `slot` means, in characters.

    All arguments of a call without any are the empty range before its closing parenthesis.

    Raises:
        RefusalError: there is no expression at its span, or it has no such part.
    """
    start, end = tree.source.range(slot.span)
    if not slot.part:
        return start, end
    node: cst.CSTNode = tree.expression(start, end)
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


_STEPS = frozenset(("func", "value", "elt", "expression", "left", "right"))


def _step(node: cst.CSTNode, step: str, *, among_arguments: bool) -> cst.CSTNode:
    if among_arguments and isinstance(node, cst.Call):
        named = [item for item in node.args if item.keyword is not None and item.keyword.value == step]
        plain = [item for item in node.args if item.keyword is None]
        found = plain[int(step) : int(step) + 1] if step.isdecimal() else named
        if found:
            return found[0] if found[0].star else found[0].value
    elif step in _STEPS:
        part = getattr(node, "expression" if isinstance(node, cst.Await) and step == "value" else step, None)
        if isinstance(part, cst.CSTNode):
            return part
    raise RefusalError(f"the expression has no part {step!r}")


def _all_arguments(tree: Tree, call: cst.Call) -> tuple[int, int]:
    if not call.args:
        return tree.range(call)[1] - 1, tree.range(call)[1] - 1
    first = call.args[0].value
    if isinstance(first, cst.GeneratorExp) and not first.lpar:
        # It shares the call's parentheses, which `ast` counts as its own.
        opened, closed = inside_call(tree, call)
        return opened - 1, closed + 1
    return tree.range(call.args[0])[0], tree.range(call.args[-1])[1]


def _clauses(tree: Tree, node: cst.CSTNode) -> tuple[int, int]:
    loop = getattr(node, "for_in", None)
    if not isinstance(loop, cst.CompFor):
        raise RefusalError("the expression has no clauses")
    start, end = tree.outer(loop)
    skipped = IGNORED.match(tree.text, start, end)
    return skipped.end() if skipped else start, end
