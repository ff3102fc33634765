"""Statements become others, and blocks grow."""

from __future__ import annotations

import re

import libcst as cst

from conclint.finding import AppendToBlock, ReplaceStatements
from conclint.fix.awaiting import awaits, require_await
from conclint.fix.expression import lost_comments
from conclint.fix.imports import Place
from conclint.fix.plan import File, Plan
from conclint.fix.refusal import RefusalError
from conclint.fix.scope import scopes_around
from conclint.fix.template import Rendered, render
from conclint.fix.tree import Tree

_OWNERS = (cst.BaseCompoundStatement, cst.ExceptHandler, cst.ExceptStarHandler, cst.MatchCase)


def replace_statements(file: File, plan: Plan, edit: ReplaceStatements) -> None:
    """Plan the edit.

    Raises:
        RefusalError: the span does not cover whole statements of one block, or the new ones cannot stand there.
    """
    tree = file.tree
    start, end = tree.source.range(edit.span)
    first, last = _covered(tree, start, end)
    margin = tree.text[tree.source.line_start(start) : start]
    own_lines = _begins_line(tree, first) and _ends_line(tree, last)
    place = Place(scopes_around(tree, first), start)
    newline = tree.source.newline(start)
    rendered = render(file, plan, edit.template, edit.slots, place, margin=newline + margin if own_lines else "\n")
    if awaits(rendered.shape):
        require_await(tree, first)
    lost = lost_comments(tree, start, end, rendered.kept)
    if own_lines:
        above = "".join(tree.text[a:b] + newline + margin for a, b in lost)
        plan.replace(start, end, above + rendered.text)
    elif lost:
        raise RefusalError(f"the comment `{tree.text[slice(*lost[0])]}` would be lost")
    else:
        plan.replace(start, end, _on_one_line(rendered))


def _covered(tree: Tree, start: int, end: int) -> tuple[cst.BaseSmallStatement, cst.BaseSmallStatement]:
    first = next((node for node in tree.starting_at(start) if isinstance(node, cst.BaseSmallStatement)), None)
    if first is not None:
        for last in _following(tree, first):
            finish = tree.range(last)[1]
            if finish == end:
                return first, last
            if finish > end:
                break
    raise RefusalError(f"no simple statements of one block are at line {tree.source.span(start, end).row}")


def _following(tree: Tree, first: cst.BaseSmallStatement) -> list[cst.BaseSmallStatement]:
    """The simple statements from `first` on, up to the next compound one or the block's end."""
    line = tree.parent(first)
    lines = [line]
    if isinstance(line, cst.SimpleStatementLine):
        block = getattr(tree.parent(line), "body", ())
        lines = list(block[[node is line for node in block].index(True) :])
    found: list[cst.BaseSmallStatement] = []
    for item in lines:
        if not isinstance(item, (cst.SimpleStatementLine, cst.SimpleStatementSuite)):
            break
        found += item.body
    return found[[node is first for node in found].index(True) :]


def _begins_line(tree: Tree, statement: cst.BaseSmallStatement) -> bool:
    line = tree.parent(statement)
    return isinstance(line, cst.SimpleStatementLine) and line.body[0] is statement


def _ends_line(tree: Tree, statement: cst.BaseSmallStatement) -> bool:
    line = tree.parent(statement)
    return isinstance(line, cst.SimpleStatementLine) and line.body[-1] is statement


def _on_one_line(rendered: Rendered) -> str:
    """The statements joined by semicolons, for a line that they share."""
    lines = rendered.shape.module.body
    if not all(isinstance(line, cst.SimpleStatementLine) for line in lines):
        raise RefusalError("the new statements do not fit on the line that they share with another one")
    # Newlines of the template are its own: those of slots are in brackets, and no template has one there.
    if len(lines) != rendered.text.count("\n") + 1:
        raise RefusalError("the new statements do not fit on the line that they share with another one")
    return "; ".join(rendered.text.split("\n"))


def append_to_block(file: File, plan: Plan, edit: AppendToBlock) -> None:
    """Plan the edit. A lone `pass` gives way; a suite on its header's line gets lines of its own if it must.

    Raises:
        RefusalError: nothing that has a block starts there.
    """
    tree = file.tree
    start = tree.source.offset(edit.span.row, edit.span.column)
    owner = next((node for node in tree.starting_at(start) if isinstance(node, _OWNERS)), None)
    suite = getattr(owner, "body", None)
    if owner is None or not isinstance(suite, (cst.IndentedBlock, cst.SimpleStatementSuite)):
        raise RefusalError(f"nothing that has a block starts at line {edit.span.row}")
    last = suite.body[-1]
    lone = _lone_pass(suite)
    margin = _margin(tree, owner, suite)
    newline = tree.source.newline(tree.range(last)[0])
    place = Place(scopes_around(tree, last), tree.range(last)[1])
    rendered = render(file, plan, edit.template, (), place, margin=newline + margin)
    if awaits(rendered.shape):
        require_await(tree, last)
    simple = all(isinstance(line, cst.SimpleStatementLine) for line in rendered.shape.module.body)
    single = simple and len(rendered.shape.module.body) == 1
    if lone is not None and (single or isinstance(suite, cst.IndentedBlock)):
        plan.replace(*tree.range(lone), rendered.text)
    elif isinstance(suite, cst.IndentedBlock):
        end = _end_of_block(tree, suite, len(margin))
        plan.replace(end, end, newline + margin + rendered.text)
    else:
        _append_to_line(tree, plan, suite, newline + margin, rendered.text)


def _end_of_block(tree: Tree, suite: cst.IndentedBlock, column: int) -> int:
    """The end of the block's last line, comments that stand as deep as the block included."""
    end = tree.source.line_end(tree.range(suite.body[-1])[1])
    for first, last in tree.comments(end, tree.outer(suite)[1]):
        if first - tree.source.line_start(first) >= column:
            end = last
    return end


def _append_to_line(tree: Tree, plan: Plan, suite: cst.SimpleStatementSuite, margin: str, text: str) -> None:
    """`except X: a(); b()  # why` gets a line for its statements and one for the new ones."""
    start = tree.range(suite.body[0])[0]
    opened = start - len(re.search(r"[ \t\f]*\Z", tree.text[:start]).group())  # type: ignore[union-attr]  # may be empty
    end = tree.source.line_end(tree.range(suite.body[-1])[1])
    plan.replace(opened, start, margin)
    plan.replace(end, end, margin + text)


def _lone_pass(suite: cst.IndentedBlock | cst.SimpleStatementSuite) -> cst.Pass | None:
    if len(suite.body) != 1:
        return None
    line = suite.body[0]
    if isinstance(line, cst.SimpleStatementLine):
        line = line.body[0] if len(line.body) == 1 else line
    return line if isinstance(line, cst.Pass) else None


def _margin(tree: Tree, owner: cst.CSTNode, suite: cst.IndentedBlock | cst.SimpleStatementSuite) -> str:
    node = suite.body[0] if isinstance(suite, cst.IndentedBlock) else owner
    start = tree.range(node)[0]
    margin = re.match(r"[ \t\f]*", tree.text[tree.source.line_start(start) : start])
    step = "" if isinstance(suite, cst.IndentedBlock) else tree.module.default_indent
    return (margin.group() if margin else "") + step
