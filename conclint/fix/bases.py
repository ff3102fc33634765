"""A base of a class gives way to another."""

from __future__ import annotations

import libcst as cst

from conclint.finding import ReplaceBase
from conclint.fix.imports import Place
from conclint.fix.plan import File, Plan
from conclint.fix.refusal import RefusalError
from conclint.fix.scope import scopes_around
from conclint.fix.template import render


def replace_base(file: File, plan: Plan, edit: ReplaceBase) -> None:
    """Plan the edit.

    Raises:
        RefusalError: no class statement starts there, or it has no such base.
    """
    tree = file.tree
    offset = tree.source.offset(edit.span.row, edit.span.column)
    cls = next((node for node in tree.starting_at(offset) if isinstance(node, cst.ClassDef)), None)
    if cls is None:
        raise RefusalError("no class statement starts at this place")
    last = edit.old.rpartition(".")[2]
    for base in cls.bases:
        start, end = tree.range(base.value)
        written = tree.text[start:end]
        if base.star == "" and (written == last or written.endswith(f".{last}")):
            place = Place(scopes_around(tree, base.value), start, frozenset())
            plan.replace(start, end, render(file, plan, edit.template, (), place).text)
            return
    raise RefusalError(f"`{cls.name.value}` has no base that is written `{last}`")
