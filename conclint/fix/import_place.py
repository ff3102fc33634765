"""Where a file's imports live, and where one more goes."""

from __future__ import annotations

import re
import sys

import libcst as cst

from conclint.fix.imports import NewImport
from conclint.fix.scope import dotted
from conclint.fix.splice import Splice
from conclint.fix.tree import Tree


def import_splice(tree: Tree, wanted: NewImport) -> Splice:
    """The insertion of one import."""
    offset, before, after = _import_place(tree, wanted.module)
    newline = tree.source.newline(max(offset - 1, 0))
    return whole_line(tree, offset, newline * before + wanted.statement + newline * (1 + after))


def import_offset(tree: Tree, module: str) -> int:
    """Where an import of `module` would be added."""
    return _import_place(tree, module)[0]


def _import_place(tree: Tree, module: str) -> tuple[int, int, int]:
    """The offset, and the blank lines that the import needs before and after it."""
    run = _run(tree)
    if not run:
        return _without_imports(tree)
    blocks = _blocks(run)
    standard = _root(module) in sys.stdlib_module_names
    for block in blocks:
        if any((_root(_module(line)) in sys.stdlib_module_names) is standard and _module(line) for line in block):
            return _in_block(tree, block, run, module), 0, 0
    if standard:
        return _line_of(tree, run[0]), 0, 1
    relative = next((block for block in blocks if not _module(block[0])), None)
    if relative is not None:
        return _line_of(tree, relative[0]), 0, 1
    return tree.source.next_line(tree.range(run[-1])[1]), 1, 0


def _in_block(tree: Tree, block: list[cst.SimpleStatementLine], run: list[cst.SimpleStatementLine], module: str) -> int:
    """Where a sorted block wants the import; after the last import of the run where the block is not sorted."""
    plain = [line for line in block if isinstance(line.body[0], cst.Import)]
    names = [_module(line).lower() for line in plain]
    if names != sorted(names):
        return tree.source.next_line(tree.range(run[-1])[1])
    before = [line for line, name in zip(plain, names) if name < module.lower()]
    if before:
        return tree.source.next_line(tree.range(before[-1])[1])
    return _line_of(tree, plain[0] if plain else block[0])


def _without_imports(tree: Tree) -> tuple[int, int, int]:
    """After the docstring and the `__future__` imports; else above the first statement, below the file's comments."""
    head = _head(tree)
    following = tree.module.body[len(head) :]
    if head:
        offset = tree.source.next_line(tree.range(head[-1])[1])
        return offset, 1, 0 if not following or re.match(r"[ \t]*[\r\n]", tree.text[offset:]) else 1
    if following:
        first = following[0]
        own = re.search(r"(?:(?<=[\r\n])[ \t\f]*#[^\r\n]*(?:\r\n|\r|\n))*\Z", tree.text[: _line_of(tree, first)])
        offset = own.start() if own else 0
        # Comments at the very top are the file's, not the statement's.
        offset = offset if tree.text[:offset].strip() else _line_of(tree, first)
        return offset, 0, 2 if isinstance(first, (cst.FunctionDef, cst.ClassDef)) else 1
    return len(tree.text), 0, 0


def statement_offset(tree: Tree) -> int:
    """Where statements are added at module level: after the imports, conditional ones among them."""
    run = _run(tree)
    body = tree.module.body
    if not run:
        offset, _, _ = _without_imports(tree)
        return offset
    index = [line is run[-1] for line in body].index(True)
    while index + 1 < len(body) and _only_imports(body[index + 1]):
        index += 1
    return tree.source.next_line(tree.range(body[index])[1])


def _only_imports(statement: cst.CSTNode) -> bool:
    if isinstance(statement, cst.SimpleStatementLine):
        return all(isinstance(item, (cst.Import, cst.ImportFrom)) for item in statement.body)
    if isinstance(statement, (cst.If, cst.Try)) and isinstance(statement.body, cst.IndentedBlock):
        return all(_only_imports(line) for line in statement.body.body)
    return False


def _head(tree: Tree) -> list[cst.SimpleStatementLine]:
    """The docstring and the `__future__` imports."""
    found: list[cst.SimpleStatementLine] = []
    for index, line in enumerate(tree.module.body):
        if not isinstance(line, cst.SimpleStatementLine):
            break
        first = line.body[0]
        docstring = index == 0 and isinstance(first, cst.Expr) and isinstance(first.value, cst.BaseString)
        if not docstring and _module(line) != "__future__":
            break
        found.append(line)
    return found


def _run(tree: Tree) -> list[cst.SimpleStatementLine]:
    """The first imports of the module that follow each other, without those from `__future__`."""
    found: list[cst.SimpleStatementLine] = []
    for line in tree.module.body[len(_head(tree)) :]:
        imports = isinstance(line, cst.SimpleStatementLine) and isinstance(line.body[0], (cst.Import, cst.ImportFrom))
        if imports and isinstance(line, cst.SimpleStatementLine):
            found.append(line)
        elif found:
            break
    return found


def _blocks(run: list[cst.SimpleStatementLine]) -> list[list[cst.SimpleStatementLine]]:
    """The imports of a run, split at blank lines."""
    blocks: list[list[cst.SimpleStatementLine]] = []
    for line in run:
        apart = any(empty.comment is None for empty in line.leading_lines)
        if apart or not blocks:
            blocks.append([])
        blocks[-1].append(line)
    return blocks


def _module(line: cst.SimpleStatementLine) -> str:
    """The module that an import line names first; "" for a relative one."""
    first = line.body[0]
    if isinstance(first, cst.Import):
        return dotted(first.names[0].name)
    if isinstance(first, cst.ImportFrom) and not first.relative and first.module is not None:
        return dotted(first.module)
    return ""


def _root(module: str) -> str:
    return module.partition(".")[0]


def _line_of(tree: Tree, node: cst.CSTNode) -> int:
    """Where the first line of a statement begins, or that of its first decorator."""
    decorators = getattr(node, "decorators", ())
    return tree.source.line_start(tree.range(decorators[0] if decorators else node)[0])


def whole_line(tree: Tree, offset: int, text: str) -> Splice:
    """Insert whole lines at the beginning of a line, or after a last line that has no newline."""
    if offset and tree.text[offset - 1] not in "\r\n":
        newline = tree.source.newline(offset)
        return Splice(offset, offset, newline + text.removesuffix(newline))
    return Splice(offset, offset, text)
