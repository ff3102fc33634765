"""What a visit of one file keeps, and how names are resolved in it."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from typing import Any

from conclint.extract.names import BUILTINS
from conclint.extract.scope import Scope
from conclint.extract.uses import OTHER
from conclint.facts import Await, Binding, Block, Class, Decorator, Expr, Function, Leave


class State(ABC):
    """The state of a visit. What the parts of the visitor need of each other is declared here."""

    def __init__(self) -> None:
        self.functions: list[Function | None] = []
        self.classes: list[Class | None] = []
        self.bindings: list[Binding] = []
        self.stars: list[str] = []
        self.exports: list[str] | None = None
        self.packages: set[str] = set()
        self.extents: list[tuple[int, int]] = []
        self.scope: Scope = None  # type: ignore[assignment]  # set by `module`, before anything is visited
        self._module: Scope = None  # type: ignore[assignment]  # as above
        self._strings: dict[str, Expr] = {}

    @abstractmethod
    def expr(self, node: ast.AST, use: int = 0) -> Expr:
        """The value of an expression; its operations are appended to the body."""

    @abstractmethod
    def suite(self, statements: list[ast.stmt]) -> None:
        """Visit the statements of one block."""

    @abstractmethod
    def function(
        self, node: Any, name: str, args: ast.arguments, body: Any, decorators: tuple[Decorator, ...] = ()
    ) -> int:
        """Visit a def or lambda; its number."""

    @abstractmethod
    def _assign(self, target: Any, value: Expr, how: str, node: Any, annotation: Expr = None) -> None: ...

    def bound(self, name: str) -> str:
        """The root of a chain, as `conclint.facts` writes it."""
        scope = self.scope
        found = scope.resolved.get(name)
        if found is None:
            found = scope.resolved[name] = self._resolve(name, scope)
        return found

    def root(self, name: str) -> str:
        """The root of a chain that is read."""
        scope = self.scope
        found = scope.resolved.get(name) or self.bound(name)
        first = found[0]
        if first == "$":
            scope.loads.add(found[1:])
        elif first == "&":
            owner: Scope | None = scope.parent
            index = int(found[1 : found.index(":")])
            while owner is not None:
                if owner.index == index:
                    owner.loads.add(found[found.index(":") + 1 :])
                    break
                owner = owner.parent
        return found

    def _resolve(self, name: str, start: Scope) -> str:
        scope: Scope | None = start
        while scope is not None:
            names = scope.names
            if name in names.outer:
                break
            meaning = names.bound.get(name)
            if meaning is not None and name not in names.free and (scope is start or scope.kind != "class"):
                if scope.kind == "module":
                    return meaning or f":{name}"
                if meaning:
                    return meaning
                if scope is start:
                    return f"${name}"
                inner = scope.resolved.get(name, "")
                return f"&{scope.index}:{inner[1:] if inner.startswith('$') else name}"
            scope = scope.parent
        if scope is not None:
            return f":{name}"
        return f"builtins.{name}" if name in BUILTINS else f"?{name}"

    def _enter(self, kind: str, value: Expr, node: Any) -> None:
        scope = self.scope
        scope.blocks.append(
            Block(
                scope.block,
                kind,
                value,
                None,
                "",
                -1,
                node.lineno,
                node.col_offset,
                node.end_lineno,
                node.end_col_offset,
            )
        )
        scope.block = len(scope.blocks) - 1

    def _suspend(self, node: Any) -> None:
        scope = self.scope
        scope.ops.append(
            Await(None, OTHER, scope.block, node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
        )

    def _leave(self, how: str, value: Expr, node: Any) -> None:
        scope = self.scope
        scope.ops.append(Leave(how, value, scope.block, node.lineno, node.col_offset))
