"""What a block of a text leaves out: imports and definitions that it takes from blocks before it, or for granted."""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterator, Sequence

from bench.blocks import Block

_KNOWN = {
    "ThreadPoolExecutor": "from concurrent.futures import ThreadPoolExecutor",
    "ProcessPoolExecutor": "from concurrent.futures import ProcessPoolExecutor",
    "Thread": "from threading import Thread",
    "Process": "from multiprocessing import Process",
    "ABCMeta": "from abc import ABCMeta",
    "abstractmethod": "from abc import abstractmethod",
    "ray": "import ray",
    "xo": "import xoscar as xo",
}


def prefix(blocks: Sequence[Block], block: Block) -> str:
    """The text to put before a block so that its names are bound; "" where it does not parse."""
    parts: dict[str, None] = {}
    _add_needs(blocks[: block.number - 1], block.code, parts)
    return "".join(parts)


def _add_needs(earlier: Sequence[Block], code: str, parts: dict[str, None]) -> None:
    for name in _unbound(code):
        part = _from_earlier(earlier, name, parts)
        if not part and name in _KNOWN:
            part = _KNOWN[name] + "\n"
        elif not part and name in sys.stdlib_module_names:
            part = f"import {name}\n"
        if part:
            parts[part] = None


def _from_earlier(earlier: Sequence[Block], name: str, parts: dict[str, None]) -> str:
    """The import or the whole block that binds a name; what that block needs goes into `parts` before it."""
    for block in reversed(earlier):
        for statement in _statements(block.code):
            if name in _bound(statement):
                if isinstance(statement, (ast.Import, ast.ImportFrom)):
                    return ast.unparse(statement) + "\n"
                _add_needs(earlier[: block.number - 1], block.code, parts)
                return block.code
    return ""


def _statements(code: str) -> list[ast.stmt]:
    try:
        return ast.parse(code).body
    except SyntaxError:
        return []


def _bound(statement: ast.stmt) -> set[str]:
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {statement.name}
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return {alias.asname or alias.name.partition(".")[0] for alias in statement.names}
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def _unbound(code: str) -> list[str]:
    """The names that a piece of code reads and binds nowhere, in the order of their first reading."""
    nodes = [node for statement in _statements(code) for node in ast.walk(statement)]
    bound = {name for node in nodes for name in _binds(node)} | set(dir(builtins))
    read = (node.id for node in nodes if isinstance(node, ast.Name) and node.id not in bound)
    return list(dict.fromkeys(read))


def _binds(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.ExceptHandler) and node.name:
        yield node.name
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)):
        yield from _bound(node)
