"""One expression becomes another."""

from __future__ import annotations

import re

import libcst as cst

from conclint.finding import ReplaceExpression
from conclint.fix.awaiting import awaits, require_await
from conclint.fix.imports import Place
from conclint.fix.plan import File, Plan
from conclint.fix.precedence import demand, in_brackets, parenthesised
from conclint.fix.refusal import RefusalError
from conclint.fix.scope import scopes_around
from conclint.fix.template import Rendered, render, stands_alone
from conclint.fix.tree import STRINGS, Tree


def replace_expression(file: File, plan: Plan, edit: ReplaceExpression) -> None:
    """Plan the edit.

    Raises:
        RefusalError: the new expression cannot stand there, or a comment would be lost.
    """
    tree = file.tree
    start, end = tree.source.range(edit.span)
    target = tree.expression(start, end)
    if isinstance(target, cst.GeneratorExp) and not target.lpar:
        start, end = tree.range(target)
    rendered = render(file, plan, edit.template, edit.slots, Place(scopes_around(tree, target), start))
    if awaits(rendered.shape):
        require_await(tree, target)
    require_comments(tree, start, end, rendered.kept)
    text = _fitted(tree, target, rendered) if tree.range(target) == (start, end) else rendered.text
    _require_fit_in_string(tree, target, text, tree.text[start:end])
    plan.replace(start, end, _spaced(tree.text, start, end, text))


def require_comments(tree: Tree, start: int, end: int, kept: tuple[tuple[int, int], ...]) -> None:
    """Make sure that every comment of a range is in one of the `kept` ranges.

    Raises:
        RefusalError: one is not.
    """
    for first, last in lost_comments(tree, start, end, kept):
        raise RefusalError(f"the comment `{tree.text[first:last]}` would be lost")


def lost_comments(tree: Tree, start: int, end: int, kept: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    """The comments of a range that are in none of the `kept` ranges."""
    return [found for found in tree.comments(start, end) if not any(a <= found[0] and found[1] <= b for a, b in kept)]


def _fitted(tree: Tree, target: cst.BaseExpression, rendered: Rendered) -> str:
    """The text, in parentheses where the place asks for them and does not have them."""
    if parenthesised(target):
        return rendered.text
    parent = tree.parent(target)
    looser = rendered.level < demand(parent, target)
    broken = re.search(r"[\r\n]", rendered.text) and not in_brackets(list(tree.ancestors(target)))
    if looser or (broken and not stands_alone(rendered.text)):
        return f"({rendered.text})"
    return rendered.text


def _spaced(text: str, start: int, end: int, new: str) -> str:
    """`new` with a space where it would run into a neighbouring word: `1if f()else 2`."""
    before = " " if start and _word(text[start - 1]) and _word(new[:1]) else ""
    after = " " if end < len(text) and _word(new[-1:]) and _word(text[end]) else ""
    if text[start - 1 : start] == "{" and new.startswith("{"):
        before = " "
    return before + new + after


def _word(character: str) -> bool:
    return character.isalnum() or character == "_" or character in "\"'"


def _require_fit_in_string(tree: Tree, target: cst.BaseExpression, new: str, old: str) -> None:
    """Before Python 3.12 an f-string's fields have no backslash, comment, newline or quote of the string's own."""
    for _, parent in tree.ancestors(target):
        if isinstance(parent, cst.FormattedStringExpression) and parent.equal is not None:
            raise RefusalError("the text of this expression is shown by its f-string (`=`)")
        if not isinstance(parent, STRINGS):
            continue
        quote = getattr(parent, "end", "")[-1:]
        for character in ("\\", "#", "\n", "\r", quote):
            if character in new and character not in old:
                raise RefusalError(f"{character!r} cannot be written in a field of this f-string before Python 3.12")
