"""Source to facts: one pass over one tree, depending on nothing but the bytes."""

from __future__ import annotations

import ast
import gc
import sys
import threading
import warnings

from conclint import suppress
from conclint.extract.visitor import Visitor
from conclint.facts import VERSION, Facts
from conclint.source import Source

# A file that nests deeper than this is not read: CPython's own parser gives up not far beyond.
_DEEP = 60_000
_STACK = 512 * 1024 * 1024


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
    tree = parse(source.text)
    if not isinstance(tree, ast.Module):
        return _failed(source, tree)
    try:
        return _visit(tree, source)
    except RecursionError:
        return _visit_deep(tree, source)


def parse(text: str) -> ast.Module | tuple[int, int, str]:
    """The tree of a module, or where and why it has none.

    What this interpreter's grammar refuses is read through LibCST, whose grammar is that of the newest Python.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except SyntaxError as error:
            failure = (error.lineno or 1, max(0, (error.offset or 1) - 1), "does not parse as Python 3")
        except ValueError:
            row = text.count("\n", 0, text.find("\0")) + 1
            return (row, 0, "contains a null byte")
        except (RecursionError, MemoryError):
            return (1, 0, "is nested too deeply to parse")
    from conclint.extract import newer_syntax

    return newer_syntax.parse(text) or failure


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


def _visit_deep(tree: ast.Module, source: Source) -> Facts:
    """Visit on a thread with room for deep trees: generated code nests thousands of calls or branches."""
    found: list[Facts] = []

    def run() -> None:
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(_DEEP)
        try:
            found.append(_visit(tree, source))
        except (RecursionError, MemoryError):
            found.append(_failed(source, (1, 0, "is nested too deeply to check")))
        finally:
            sys.setrecursionlimit(limit)

    before = threading.stack_size(_STACK)
    try:
        thread = threading.Thread(target=run, name="conclint-deep")
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    return found[0]
