"""Statements that get their asynchronous form."""

from __future__ import annotations

import libcst as cst

from conclint.finding import MakeAsync
from conclint.fix.awaiting import require_await
from conclint.fix.plan import File, Plan
from conclint.fix.refusal import RefusalError
from conclint.fix.tree import Tree


def make_async(file: File, plan: Plan, edit: MakeAsync) -> None:
    """Plan the edit.

    Raises:
        RefusalError: no `with` enters the expression alone, no `for` goes over it, or an asynchronous form cannot
            stand there.
    """
    tree = file.tree
    manager = tree.expression(*tree.source.range(edit.span))
    item = tree.parent(manager)
    if isinstance(item, cst.For | cst.CompFor) and item.iter is manager:
        _iterate(tree, plan, item, edit)
        return
    statement = tree.parent(item)
    if not isinstance(item, cst.WithItem) or not isinstance(statement, cst.With) or item.item is not manager:
        raise RefusalError(f"no `with` enters the expression at line {edit.span.row}, and no `for` goes over it")
    if statement.asynchronous is not None:
        raise RefusalError(f"the `with` at line {edit.span.row} is asynchronous already")
    if len(statement.items) > 1:
        raise RefusalError(f"the `with` at line {edit.span.row} enters other managers too")
    require_await(tree, statement)
    start = tree.range(statement)[0]
    plan.replace(start, start, "async ")


def _iterate(tree: Tree, plan: Plan, loop: cst.For | cst.CompFor, edit: MakeAsync) -> None:
    if loop.asynchronous is not None:
        raise RefusalError(f"the `for` at line {edit.span.row} is asynchronous already")
    require_await(tree, loop)
    start, end = tree.range(loop)
    # The clause of a comprehension begins with the space before it.
    start += len(tree.text[start:end]) - len(tree.text[start:end].lstrip())
    plan.replace(start, start, "async ")
