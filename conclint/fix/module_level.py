"""Statements that fixes add at module level, once for all of them."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from conclint.finding import AddModuleStatement
from conclint.fix.import_place import import_splice, statement_offset, whole_line
from conclint.fix.imports import NewImport, Place
from conclint.fix.plan import File, Plan
from conclint.fix.refusal import RefusalError
from conclint.fix.scope import dotted
from conclint.fix.splice import Splice
from conclint.fix.template import render
from conclint.fix.tree import Tree


def add_module_statement(file: File, plan: Plan, edit: AddModuleStatement) -> None:
    """Plan the edit: nothing, where the module has the statement already.

    Raises:
        RefusalError: the name that the statement binds means something else in this file.
    """
    tree = file.tree
    place = Place((tree.module,), statement_offset(tree))
    own = Plan()
    rendered = render(file, own, edit.template, (), place)
    statement = _only_statement(rendered.shape)
    for line in tree.module.body:
        if isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1:
            if tree.text[slice(*tree.range(line.body[0]))] == rendered.text or _same(line.body[0], statement):
                return
    for name in _bound(statement):
        if file.names.anywhere(name):
            raise RefusalError(f"`{name}` means something else in this file")
    plan.imports |= own.imports
    plan.statements.append(rendered.text)


def _only_statement(shape: Tree) -> cst.BaseSmallStatement:
    line = shape.module.body[0] if len(shape.module.body) == 1 else None
    if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
        raise RefusalError("a statement to add at module level must be one simple statement")
    return line.body[0]


def _bound(statement: cst.BaseSmallStatement) -> list[str]:
    if isinstance(statement, cst.AnnAssign):
        return [dotted(statement.target)]
    if isinstance(statement, cst.Assign):
        return [dotted(target.target) for target in statement.targets]
    return []


def _same(old: cst.BaseSmallStatement, new: cst.BaseSmallStatement) -> bool:
    """Whether both give the same name the same value, with whatever annotation."""
    if not isinstance(old, (cst.Assign, cst.AnnAssign)) or not isinstance(new, (cst.Assign, cst.AnnAssign)):
        return False
    if _bound(old) != _bound(new) or old.value is None or new.value is None:
        return False
    return old.value.deep_equals(new.value)


def module_splices(tree: Tree, imports: Iterable[NewImport], statements: Iterable[str]) -> list[Splice]:
    """The insertions for all imports and statements that the fixes of a round want, each once."""
    splices = [import_splice(tree, wanted) for wanted in sorted(set(imports))]
    offset = statement_offset(tree)
    newline = tree.source.newline(max(offset - 1, 0))
    for index, text in enumerate(dict.fromkeys(statements)):
        lead = "" if index or not tree.text[:offset].strip() else newline
        tail = "" if tree.text[offset:].startswith(("\n", "\r")) or not tree.text[offset:] else newline
        splices.append(whole_line(tree, offset, lead + text + newline + tail))
    return splices
