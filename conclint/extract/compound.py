"""Compound statements: the blocks of a body."""

from __future__ import annotations

import ast
from typing import Any

import msgspec

from conclint.extract.nodes import TryStar
from conclint.extract.statements import Statements
from conclint.extract.uses import ENTERED, ITERATED, TESTED
from conclint.facts import Block, Expr, Mix


class Compound(Statements):
    """The part of the visitor that reads compound statements."""

    def _if(self, node: Any) -> None:
        scope = self.scope
        resume = -1
        while True:
            test = self.expr(node.test, TESTED)
            kind = _branch_kind(node.test)
            self._header(node, node.test)
            leaves = exits(node.body)
            level = scope.block
            self._block(kind, test, None, node.body, node, leaves)
            if resume < 0 and not (leaves and kind == "if"):
                resume = level
            orelse = node.orelse
            if len(orelse) != 1 or orelse[0].__class__ is not ast.If:
                break
            # An `elif` chain may be thousands long: it is a loop here, and nested blocks in the facts.
            node = orelse[0]
            self._enter("else", test, node)
        if orelse:
            self._enter("else", test, orelse[0])
            inside = scope.block
            self.suite(orelse)
            leaves = exits(orelse)
            scope.blocks[inside] = msgspec.structs.replace(scope.blocks[inside], exits=leaves)
            if leaves and resume >= 0 and resume == level:
                scope.block = level
                self._enter("if", test, node)
                return
            scope.block = inside
        elif resume < 0:
            self._enter("else", test, node)
        # Code behind the whole chain runs where every branch before it has left.
        if resume >= 0:
            scope.block = resume

    def _header(self, node: Any, last: Any) -> None:
        if last.end_lineno != node.lineno:
            self.extents.append((node.lineno, last.end_lineno))

    def _block(
        self, kind: str, value: Expr, target: Expr, body: list[ast.stmt], node: Any, leaves: str, partner: int = -1
    ) -> int:
        scope = self.scope
        before = scope.block
        scope.blocks.append(
            Block(
                before,
                kind,
                value,
                target,
                leaves,
                partner,
                node.lineno,
                node.col_offset,
                node.end_lineno,
                node.end_col_offset,
            )
        )
        number = scope.block = len(scope.blocks) - 1
        self.suite(body)
        scope.block = before
        return number

    def _for(self, node: Any) -> None:
        is_async = node.__class__ is ast.AsyncFor
        source = self.expr(node.iter, ITERATED)
        scope = self.scope
        scope.used.add("__aiter__" if is_async else "__iter__")
        self._header(node, node.iter)
        before = scope.block
        scope.blocks.append(
            Block(
                before,
                "async-for" if is_async else "for",
                source,
                self._target(node.target),
                exits(node.body),
                -1,
                node.lineno,
                node.col_offset,
                node.iter.end_lineno,
                node.iter.end_col_offset,
            )
        )
        number = scope.block = len(scope.blocks) - 1
        if is_async:
            self._suspend(node.iter)
        self._assign(node.target, Mix("aeach" if is_async else "each", (source,)), "for", node)
        self.suite(node.body)
        scope.block = before
        if node.orelse:
            self._block("loop-else", None, None, node.orelse, node.orelse[0], exits(node.orelse), number)

    def _target(self, node: Any) -> Expr:
        return self.bound(node.id) if node.__class__ is ast.Name else None

    def _while(self, node: Any) -> None:
        scope = self.scope
        before = scope.block
        self._header(node, node.test)
        scope.blocks.append(
            Block(before, "while", None, None, exits(node.body), -1, node.lineno, node.col_offset, node.lineno, 0)
        )
        number = scope.block = len(scope.blocks) - 1
        # The test is evaluated in each round, so its operations belong to the loop.
        test = self.expr(node.test, TESTED)
        scope.blocks[number] = Block(
            before,
            "while",
            test,
            None,
            exits(node.body),
            -1,
            node.lineno,
            node.col_offset,
            node.test.end_lineno,
            node.test.end_col_offset,
        )
        self.suite(node.body)
        scope.block = before
        if node.orelse:
            self._block("loop-else", None, None, node.orelse, node.orelse[0], exits(node.orelse), number)

    def _with(self, node: Any) -> None:
        is_async = node.__class__ is ast.AsyncWith
        scope = self.scope
        before = scope.block
        scope.used.add("__aenter__" if is_async else "__enter__")
        self._header(node, node.items[-1].context_expr)
        for item in node.items:
            manager = self.expr(item.context_expr, ENTERED)
            expression = item.context_expr
            scope.blocks.append(
                Block(
                    scope.block,
                    "async-with" if is_async else "with",
                    manager,
                    self._target(item.optional_vars) if item.optional_vars is not None else None,
                    exits(node.body),
                    -1,
                    expression.lineno,
                    expression.col_offset,
                    expression.end_lineno,
                    expression.end_col_offset,
                )
            )
            scope.block = len(scope.blocks) - 1
            if is_async:
                self._suspend(expression)
            if item.optional_vars is not None:
                self._assign(item.optional_vars, Mix("aenter" if is_async else "enter", (manager,)), "with", node)
        self.suite(node.body)
        scope.block = before

    def _try(self, node: Any) -> None:
        scope = self.scope
        first = node.body[0]
        number = self._block("try", None, None, node.body, first, exits(node.body))
        star = node.__class__ is TryStar
        for handler in node.handlers:
            caught = self.expr(handler.type) if handler.type is not None else None
            before = scope.block
            scope.blocks.append(
                Block(
                    before,
                    "except-star" if star else "except",
                    caught,
                    self.bound(handler.name) if handler.name else None,
                    exits(handler.body),
                    number,
                    handler.lineno,
                    handler.col_offset,
                    handler.end_lineno,
                    handler.end_col_offset,
                )
            )
            scope.block = len(scope.blocks) - 1
            if handler.name:
                self._assign(
                    ast.copy_location(ast.Name(handler.name, ast.Store()), handler),
                    Mix("caught", (caught,)),
                    "except",
                    handler,
                )
            self.suite(handler.body)
            scope.block = before
        if node.orelse:
            self._block("try-else", None, None, node.orelse, node.orelse[0], exits(node.orelse), number)
        if node.finalbody:
            self._block("finally", None, None, node.finalbody, node.finalbody[0], exits(node.finalbody), number)

    def _match(self, node: Any) -> None:
        subject = self.expr(node.subject)
        scope = self.scope
        for case in node.cases:
            before = scope.block
            first = case.body[0]
            self._enter("case", subject, first)
            for part in ast.walk(case.pattern):
                name = getattr(part, "name", None) or getattr(part, "rest", None)
                if isinstance(name, str):
                    self._assign(ast.copy_location(ast.Name(name, ast.Store()), part), None, "case", part)
            if case.guard is not None:
                self._enter("if", self.expr(case.guard, TESTED), first)
            self.suite(case.body)
            scope.block = before


def _branch_kind(test: Any) -> str:
    """`main` or `typing` for the two tests that have a meaning of their own."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
        sides = [test.left, test.comparators[0]]
        names = [side.id for side in sides if isinstance(side, ast.Name)]
        texts = [side.value for side in sides if isinstance(side, ast.Constant)]
        if names == ["__name__"] and texts == ["__main__"]:
            return "main"
    if isinstance(test, ast.Name) and test.id == "TYPE_CHECKING":
        return "typing"
    if isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING":
        return "typing"
    return "if"


def exits(statements: list[ast.stmt]) -> str:
    """How the last of these statements leaves the block, "" where control may go on behind it."""
    last = statements[-1]
    kind = last.__class__
    if kind in _EXITS:
        return _EXITS[kind]
    if isinstance(last, ast.If) and last.orelse:
        return exits(last.body) and exits(last.orelse)
    if isinstance(last, ast.With | ast.AsyncWith):
        # A manager may swallow an exception, but not a return.
        how = exits(last.body)
        return "" if how == "raise" else how
    if isinstance(last, ast.Try) and last.handlers:
        ways = [exits(last.orelse or last.body), *[exits(handler.body) for handler in last.handlers]]
        return ways[0] if all(ways) else ""
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        func = last.value.func
        if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name):
            if (func.value.id, func.attr) in (("sys", "exit"), ("os", "_exit")):
                return "exit"
    return ""


_EXITS: dict[type[ast.AST], str] = {
    ast.Return: "return",
    ast.Raise: "raise",
    ast.Break: "break",
    ast.Continue: "continue",
}
