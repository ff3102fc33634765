"""The program's source, read as syntax where a frame alone does not tell: which call of a line, inside what."""

from __future__ import annotations

import ast
import functools
import linecache
from collections.abc import Iterator

_Chain = tuple[ast.AST, ...]
# So many files are remembered; then all are forgotten at once.
_FILES = 500


class _Source:
    """One file's syntax, and what was asked of it by line."""

    def __init__(self, root: ast.Module) -> None:
        self.root = root
        self.spanning: dict[int, tuple[_Chain, ...]] = {}
        self.around: dict[int, tuple[ast.stmt, ...]] = {}

    @functools.cached_property
    def by_line(self) -> dict[int, tuple[_Chain, ...]]:
        """For each line, the nodes that start on it, each with those around it, innermost first."""
        found: dict[int, list[_Chain]] = {}
        todo: list[_Chain] = [(self.root,)]
        while todo:
            chain = todo.pop()
            line = getattr(chain[0], "lineno", None)
            if isinstance(line, int):
                found.setdefault(line, []).append(chain)
            todo.extend((child, *chain) for child in ast.iter_child_nodes(chain[0]))
        return {line: tuple(chains) for line, chains in found.items()}


@functools.lru_cache(maxsize=256)
def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None


def _source(file: str) -> _Source | None:
    known = _sources.get(file)
    if known is None:
        text = "".join(linecache.getlines(file))
        root = _parsed(text) if text else None
        # A source that cannot be opened now, for want of a descriptor, may be read later: that is not remembered.
        if root is None:
            return None
        if len(_sources) >= _FILES:
            _sources.clear()
        known = _sources[file] = _Source(root)
    return known


_sources: dict[str, _Source] = {}


def tree(file: str) -> ast.Module | None:
    """The syntax tree of a file; None where there is no source or it does not parse."""
    known = _source(file)
    return known.root if known is not None else None


def nodes_at(file: str, line: int) -> tuple[tuple[ast.AST, ...], ...]:
    """The nodes that start on a line, each followed by those around it, innermost first."""
    known = _source(file)
    return known.by_line.get(line, ()) if known is not None else ()


def calls_at(file: str, line: int) -> Iterator[tuple[ast.Call, tuple[ast.AST, ...]]]:
    """The calls whose expression spans a line, each with what is around it, innermost first."""
    for chain in _spanning(file, line):
        node = chain[0]
        if isinstance(node, ast.Call):
            yield node, chain[1:]


def _spanning(file: str, line: int) -> tuple[_Chain, ...]:
    known = _source(file)
    if known is None:
        return ()
    found = known.spanning.get(line)
    if found is None:
        found = known.spanning[line] = tuple(
            chain
            for chains in known.by_line.values()
            for chain in chains
            if isinstance(chain[0], ast.expr) and chain[0].lineno <= line <= (chain[0].end_lineno or chain[0].lineno)
        )
    return found


def around(file: str, line: int) -> tuple[ast.stmt, ...]:
    """The statements that a line is inside of, innermost first, up to the function's own beginning."""
    known = _source(file)
    if known is None:
        return ()
    found = known.around.get(line)
    if found is None:
        found = known.around[line] = tuple(_around(known.root, line))
    return found


def _around(root: ast.Module, line: int) -> Iterator[ast.stmt]:
    chain: list[ast.stmt] = []
    body: list[ast.stmt] = root.body
    while body:
        inside = [each for each in body if _first(each) <= line <= (each.end_lineno or each.lineno)]
        if not inside:
            break
        statement = inside[-1]
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if line < statement.body[0].lineno:  # a decorator or a default, which is outside
                chain.append(statement)
                break
            chain = []
        chain.append(statement)
        body = list(_statements(statement))
    yield from reversed(chain)


def _first(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(each.lineno for each in decorators)])


def _statements(statement: ast.stmt) -> Iterator[ast.stmt]:
    """The statements directly inside another, those of its handlers and cases too."""
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            yield from child.body


def last_name(function: ast.expr) -> str:
    """The last part of the name that is called: `sleep` of `time.sleep(…)`; "" where there is none."""
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def loop_around(file: str, line: int) -> ast.AST | None:
    """The innermost loop or comprehension that runs the line again and again; None outside of any."""
    for chain in _spanning(file, line):
        if isinstance(chain[0], _COMPREHENSIONS):
            return chain[0]
    for statement in around(file, line):
        if isinstance(statement, _LOOPS) and (line >= _first(statement.body[0]) or isinstance(statement, ast.While)):
            return statement
    return None


def names_in(node: ast.AST) -> frozenset[str]:
    """The names that are read or bound in a piece of syntax."""
    return frozenset(each.id for each in ast.walk(node) if isinstance(each, ast.Name))


def argument_calls(place_file: str, line: int, callee: str) -> Iterator[tuple[str, ast.Call]]:
    """The calls that are arguments of a call of `callee` on the line, each with its keyword, "" where it has none."""
    for call, _ in calls_at(place_file, line):
        if last_name(call.func) != callee:
            continue
        yield from (("", each) for each in call.args if isinstance(each, ast.Call))
        yield from ((each.arg or "", each.value) for each in call.keywords if isinstance(each.value, ast.Call))
