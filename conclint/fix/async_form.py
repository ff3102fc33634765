"""Statements that get their asynchronous form."""

from __future__ import annotations

import libcst as cst

from conclint.finding import MakeAsync
from conclint.fix.awaiting import require_await
from conclint.fix.plan import File, Plan
from conclint.fix.refusal import RefusalError


def make_async(file: File, plan: Plan, edit: MakeAsync) -> None:
    """Plan the edit.

    Raises:
        RefusalError: no `with` enters the expression alone, or an `async with` cannot stand there.
    """
    tree = file.tree
    manager = tree.expression(*tree.source.range(edit.span))
    item = tree.parent(manager)
    statement = tree.parent(item)
    if not isinstance(item, cst.WithItem) or not isinstance(statement, cst.With) or item.item is not manager:
        raise RefusalError(f"no `with` enters the expression at line {edit.span.row}")
    if statement.asynchronous is not None:
        raise RefusalError(f"the `with` at line {edit.span.row} is asynchronous already")
    if len(statement.items) > 1:
        raise RefusalError(f"the `with` at line {edit.span.row} enters other managers too")
    require_await(tree, statement)
    start = tree.range(statement)[0]
    plan.replace(start, start, "async ")
