"""Pieces of the old source that go into a template, with what belongs to them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import libcst as cst

from conclint.finding import Slot
from conclint.fix.parts import inside_call, part_range
from conclint.fix.refusal import RefusalError
from conclint.fix.tree import Tree

_LEAD = re.compile(r"(?:[ \t\f]*#[^\r\n]*)?(?P<break>[ \t\f]*(?:\r\n|\r|\n)[ \t\f]*)")


@dataclass(frozen=True, slots=True)
class Piece:
    """Old source for one slot.

    `node` is the expression that it is, None where it is something else (arguments). `parenthesised` is the text with
    parentheses: the author's own where there are some. `kept` is the range whose comments are in the text.
    """

    text: str
    node: cst.BaseExpression | None
    parenthesised: str
    kept: tuple[int, int]
    keep_parentheses: bool = False

    def after(self, done: str) -> str:
        """The text before this piece, fitted to it: arguments that begin on a line of their own put those that the
        template has before them on one, too."""
        lead = _LEAD.match(self.text) if self.node is None else None
        if lead is None:
            return done
        head = re.fullmatch(r"(?s)(?P<callee>.*\()(?P<first>[^()\[\]{}\n]*),[ ]", done)
        if head is None:
            return done.rstrip(" ")
        first = re.sub(r",[ ]", "," + lead["break"].replace("\\", r"\\"), head["first"])
        return f"{head['callee']}{lead['break']}{first},"


def piece(tree: Tree, slot: Slot, shape: Tree, mark: cst.Name) -> Piece:
    """The old source of a slot, for the place that `mark` has in the template's tree `shape`.

    Raises:
        RefusalError: the slot's span does not hold an expression, arguments or statements.
    """
    start, end = part_range(tree, slot)
    if start == end:
        return _nothing(tree, start)
    call = _takes_arguments(shape, mark)
    if call is not None:
        found = _arguments(tree, start, end, last=call.args[-1] is shape.parent(mark))
        if found is not None:
            return found
    if is_clauses(slot) or (_is_statement(shape, mark) and _begins_statement(tree, start, end)):
        return Piece(tree.text[start:end], None, tree.text[start:end], (start, end))
    return _expression(tree, start, end)


def is_clauses(slot: Slot) -> bool:
    """Whether a slot holds the `for` and `if` clauses of a comprehension, which are no expression."""
    return slot.part.rpartition(".")[2] == "clauses"


def _nothing(tree: Tree, offset: int) -> Piece:
    """The empty arguments of a call may still hold a comment."""
    for call in tree.of(cst.Call):
        if not call.args and tree.range(call)[0] < offset <= tree.range(call)[1] - 1:
            opened, closed = inside_call(tree, call)
            if opened <= offset <= closed:
                text = tree.text[opened:closed] if tree.comments(opened, closed) else ""
                return Piece(text, None, text, (opened, closed))
    return Piece("", None, "", (offset, offset))


def _takes_arguments(shape: Tree, mark: cst.Name) -> cst.Call | None:
    """The call of the template in which a slot stands where several arguments may."""
    argument = shape.parent(mark)
    if not isinstance(argument, cst.Arg) or argument.keyword is not None or argument.star:
        return None
    call = shape.parent(argument)
    return call if isinstance(call, cst.Call) else None


def _arguments(tree: Tree, start: int, end: int, *, last: bool) -> Piece | None:
    """Some arguments of a call; all of them with what stands between them and its parentheses, if they come `last`."""
    for node in (*tree.starting_at(start), *tree.starting_at(start + 1)):
        for inner, outer in tree.ancestors(node):
            if isinstance(outer, cst.Call) and isinstance(inner, cst.Arg) and inner in outer.args:
                found = _arguments_of(tree, outer, start, end, whole=last)
                if found is not None:
                    return found
    return None


def _arguments_of(tree: Tree, call: cst.Call, start: int, end: int, *, whole: bool) -> Piece | None:
    opened, closed = inside_call(tree, call)
    if (start, end) == (opened - 1, closed + 1) and len(call.args) == 1:
        # A generator expression that shares the call's parentheses; with other arguments it needs its own.
        return Piece(f"({tree.text[opened:closed]})", None, "", (opened, closed))
    first = [index for index, item in enumerate(call.args) if start in _starts(tree, item)]
    last = [index for index, item in enumerate(call.args) if end in _ends(tree, item)]
    if not first or not last:
        return None
    if whole and first[0] == 0 and last[-1] == len(call.args) - 1:
        text = tree.text[opened:closed]
        text = text if re.search(r"[\r\n#]", text) else text.strip(" \t\f").rstrip(",").rstrip()
        return Piece(text, None, "", (opened, closed))
    begin, finish = tree.range(call.args[first[0]])[0], tree.range(call.args[last[-1]])[1]
    return Piece(tree.text[begin:finish], None, "", (begin, finish))


def _starts(tree: Tree, item: cst.Arg) -> tuple[int, ...]:
    return tree.range(item)[0], tree.range(item.value)[0] if item.keyword is None and not item.star else -1


def _ends(tree: Tree, item: cst.Arg) -> tuple[int, ...]:
    return tree.range(item)[1], tree.range(item.value)[1]


def _is_statement(shape: Tree, mark: cst.Name) -> bool:
    return isinstance(shape.parent(mark), cst.Expr)


def _begins_statement(tree: Tree, start: int, end: int) -> bool:
    statements = [
        node for node in tree.starting_at(start) if isinstance(node, (cst.BaseStatement, cst.BaseSmallStatement))
    ]
    return bool(statements) and not any(
        isinstance(node, cst.BaseExpression) and tree.range(node)[1] == end for node in tree.starting_at(start)
    )


def _expression(tree: Tree, start: int, end: int) -> Piece:
    try:
        node = tree.expression(start, end)
    except RefusalError as error:
        raise RefusalError(f"{tree.text[start:end]!r} is not an expression") from error
    text = tree.text[start:end]
    if isinstance(node, (cst.Tuple, cst.GeneratorExp)) and tree.range(node) != (start, end):
        # With the parentheses that `ast` counts in.
        return Piece(text, None, text, (start, end))
    outer_start, outer_end = tree.outer(node) if node.lpar else (start, end)
    own = tree.text[outer_start:outer_end] if node.lpar else f"({text})"
    around = len(tree.comments(outer_start, outer_end)) > len(tree.comments(start, end))
    return Piece(text, node, own, (outer_start, outer_end) if around else (start, end), keep_parentheses=around)
