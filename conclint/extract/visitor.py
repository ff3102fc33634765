"""The one pass over a tree that makes facts.

It is written for speed: a table of functions by node type, chains of names folded into strings at once, records made
positionally, no generic visiting. Names are resolved as far as the file allows while they are read, because here the
work is spread over processes and cached, in the linker it is not.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from conclint.extract.definitions import Definitions
from conclint.extract.names import Names
from conclint.extract.nodes import TryStar, TypeAlias
from conclint.extract.scope import Scope
from conclint.facts import Function, Stmt


class Visitor(Definitions):
    """Visits one module; afterwards its attributes are the parts of the facts."""

    def module(self, tree: ast.Module) -> None:
        """Visit a whole file."""
        names = Names()
        names.walk(tree.body)
        scope = Scope("module", "<module>", 0, None, names)
        self.scope = self._module = scope
        self.functions.append(None)
        self.suite(tree.body)
        self.functions[0] = Function(
            "<module>",
            "<module>",
            False,
            False,
            (),
            (),
            None,
            -1,
            -1,
            0,
            frozenset(scope.used),
            1,
            0,
            1,
            0,
            scope.body(),
        )

    def suite(self, statements: list[ast.stmt]) -> None:
        """Visit the statements of one block; what follows an early exit goes into a block with the negated test."""
        scope = self.scope
        before = scope.block
        for node in statements:
            handler = _SIMPLE.get(node.__class__)
            if handler is not None:
                first, block = len(scope.ops), scope.block
                handler(self, node)
                end = len(scope.ops)
                if end > first:
                    scope.statements.append(
                        Stmt(
                            first,
                            end,
                            block,
                            node.lineno,
                            node.col_offset,
                            node.end_lineno or node.lineno,
                            node.end_col_offset or 0,
                        )
                    )
                if node.end_lineno != node.lineno:
                    self.extents.append((node.lineno, node.end_lineno or node.lineno))
            else:
                _COMPOUND[node.__class__](self, node)
        scope.block = before


_SIMPLE: dict[type[ast.AST], Callable[[Visitor, Any], None]] = {
    ast.Expr: Visitor._expression,
    ast.Assign: Visitor._assignment,
    ast.AugAssign: Visitor._augmented,
    ast.AnnAssign: Visitor._annotated,
    ast.Return: Visitor._return,
    ast.Raise: Visitor._raise,
    ast.Delete: Visitor._delete,
    ast.Assert: Visitor._assert,
    ast.Import: Visitor._import,
    ast.ImportFrom: Visitor._import_from,
    ast.Pass: Visitor._pass,
    ast.Break: Visitor._jump,
    ast.Continue: Visitor._jump,
    ast.Global: Visitor._pass,
    ast.Nonlocal: Visitor._pass,
}
_COMPOUND: dict[type[ast.AST], Callable[[Visitor, Any], None]] = {
    ast.If: Visitor._if,
    ast.For: Visitor._for,
    ast.AsyncFor: Visitor._for,
    ast.While: Visitor._while,
    ast.With: Visitor._with,
    ast.AsyncWith: Visitor._with,
    ast.Try: Visitor._try,
    ast.Match: Visitor._match,
    ast.FunctionDef: Visitor._def,
    ast.AsyncFunctionDef: Visitor._def,
    ast.ClassDef: Visitor._class,
}
_COMPOUND[TryStar] = Visitor._try
_SIMPLE[TypeAlias] = Visitor._type_alias
