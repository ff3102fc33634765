"""Source to facts: one pass over one tree, depending on nothing but the bytes."""

from __future__ import annotations

import ast
import gc
import warnings

from conclint import suppress
from conclint.extract.deep import deeply
from conclint.extract.visitor import Visitor
from conclint.facts import VERSION, Facts
from conclint.source import Source

_TOO_DEEP = (1, 0, "is nested too deeply to be read")


def extract(source: Source) -> Facts:
    """The facts of one file. What does not parse gives facts with an `error` and nothing else."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _extract(source)
    finally:
        if collecting:
            gc.enable()


def _extract(source: Source) -> Facts:
    return deeply(lambda: _read(source), lambda: _failed(source, _TOO_DEEP))


def _read(source: Source) -> Facts:
    tree = parse(source.text)
    return _visit(tree, source) if isinstance(tree, ast.Module) else _failed(source, tree)


def parse(text: str) -> ast.Module | tuple[int, int, str]:
    """The tree of a module, or where and why it has none.

    What this interpreter's grammar refuses is read through LibCST, whose grammar is that of the newest Python.

    Raises:
        RecursionError: the tree needs a larger stack.
    """
    if "\0" in text:
        before = text[: text.index("\0")]
        return (before.count("\n") + 1, 0, "contains a null byte")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError) as error:
            row, column = getattr(error, "lineno", 1) or 1, getattr(error, "offset", 1) or 1
        except MemoryError:
            # So CPython's parser says that its own stack is full, which no larger stack helps.
            return _TOO_DEEP
    from conclint.extract import newer_syntax

    return newer_syntax.parse(text, newer_syntax.place(text, row, max(0, column - 1), "does not parse as Python 3"))


def _failed(source: Source, error: tuple[int, int, str]) -> Facts:
    suppressions = suppress.comments(source.text, ())
    lines = source.text.count("\n") + 1
    return Facts(VERSION, error, lines, (), (), (), (), None, frozenset(), suppressions)


def _visit(tree: ast.Module, source: Source) -> Facts:
    visitor = Visitor()
    visitor.module(tree)
    return Facts(
        VERSION,
        None,
        source.text.count("\n") + 1,
        tuple(one for one in visitor.functions if one is not None),
        tuple(one for one in visitor.classes if one is not None),
        tuple(visitor.bindings),
        tuple(visitor.stars),
        None if visitor.exports is None else tuple(visitor.exports),
        frozenset(visitor.packages),
        suppress.comments(source.text, visitor.extents),
    )
