"""Simple statements: bindings, imports, and what leaves a block."""

from __future__ import annotations

import ast
from typing import Any

from conclint.extract.expressions import Expressions
from conclint.extract.names import imported, imported_from
from conclint.extract.operators import OPERATORS
from conclint.extract.uses import ASSIGNED, DISCARDED, OPERAND, RAISED, RETURNED, TESTED
from conclint.facts import Assign, Binding, Const, Expr, Item, Mix, Seq

_NONE = Const(None)


class Statements(Expressions):
    """The part of the visitor that reads simple statements."""

    def _expression(self, node: Any) -> None:
        if node.value.__class__ is not ast.Constant:
            self.expr(node.value, DISCARDED)

    def _assign(self, target: Any, value: Expr, how: str, node: Any, annotation: Expr = None) -> None:
        kind = target.__class__
        if kind is ast.Tuple or kind is ast.List:
            paired = (
                value.items
                if isinstance(value, Seq) and len(value.items) == len(target.elts) and value.kind != "dict"
                else None
            )
            for position, item in enumerate(target.elts):
                self._assign(item, paired[position] if paired else Item(value, Const(position)), how, node)
            return
        if kind is ast.Starred:
            self._assign(target.value, None, how, node)
            return
        scope = self.scope
        if kind is ast.Name:
            name = target.id
            written: Expr = self.bound(name)
            if scope.kind == "class" and scope.cls is not None and how != "del":
                scope.cls.attributes.append((name, value, annotation))
            if isinstance(written, str) and (scope.kind == "module" or written[0] == ":"):
                self.bindings.append(
                    Binding(name, "value" if how == "" else how, value, annotation, scope.block, scope.index)
                )
        elif kind is ast.Attribute:
            written = self.chain(target)
            if (
                scope.cls is not None
                and scope.kind == "function"
                and target.value.__class__ is ast.Name
                and target.value.id == scope.self_name
                and how != "del"
            ):
                scope.cls.fields.append((target.attr, scope.index, value, annotation))
        else:
            written = self.expr(target)
        span = target if how in ("for", "with", "except") else node
        scope.ops.append(
            Assign(written, value, how, scope.block, span.lineno, span.col_offset, span.end_lineno, span.end_col_offset)
        )

    def _assignment(self, node: Any) -> None:
        value = self.expr(node.value, ASSIGNED)
        for target in node.targets:
            self._assign(target, value, "", node)
            if self.scope.kind == "module" and target.__class__ is ast.Name and target.id == "__all__":
                self._exported(node.value, replace=True)

    def _exported(self, node: Any, *, replace: bool) -> None:
        names = (
            [item.value for item in node.elts if isinstance(item, ast.Constant) and isinstance(item.value, str)]
            if isinstance(node, ast.List | ast.Tuple)
            else []
        )
        self.exports = names if replace else [*(self.exports or ()), *names]

    def _augmented(self, node: Any) -> None:
        value = self.expr(node.value, OPERAND)
        if node.target.__class__ is ast.Name:
            self.root(node.target.id)
            if self.scope.kind == "module" and node.target.id == "__all__":
                self._exported(node.value, replace=False)
        self._assign(node.target, value, f"{OPERATORS[node.op.__class__]}=", node)

    def _annotated(self, node: Any) -> None:
        annotation = self.annotation(node.annotation)
        value = self.expr(node.value, ASSIGNED) if node.value is not None else None
        scope = self.scope
        if node.value is None:
            # A bare annotation binds nothing, but it says what the name will hold.
            if node.target.__class__ is ast.Name and scope.kind == "class" and scope.cls is not None:
                scope.cls.attributes.append((node.target.id, None, annotation))
                return
            if node.target.__class__ is ast.Name and scope.kind == "module":
                self.bindings.append(Binding(node.target.id, "typed", None, annotation, scope.block, 0))
                return
        if value is None and annotation is not None:
            value = Mix("typed", (annotation,))
        elif annotation is not None:
            value = Mix("typed", (annotation, value))
        self._assign(node.target, value, "", node, annotation)

    def _return(self, node: Any) -> None:
        value = self.expr(node.value, RETURNED) if node.value is not None else _NONE
        self._leave("return", value, node)

    def _raise(self, node: Any) -> None:
        value = self.expr(node.exc, RAISED) if node.exc is not None else None
        if node.cause is not None:
            self.expr(node.cause)
        self._leave("raise", value, node)

    def _jump(self, node: Any) -> None:
        self._leave(node.__class__.__name__.lower(), None, node)

    def _delete(self, node: Any) -> None:
        for target in node.targets:
            if target.__class__ is ast.Name:
                continue
            self._assign(target, None, "del", node)

    def _assert(self, node: Any) -> None:
        test = self.expr(node.test, TESTED)
        if node.msg is not None:
            self.expr(node.msg)
        if self.scope.kind == "function":
            # What follows runs only where the test held.
            self._enter("assert", test, node)

    def _pass(self, node: Any) -> None:
        return

    def _import(self, node: Any) -> None:
        for alias in node.names:
            name, meaning = imported(alias)
            self.packages.add(alias.name.partition(".")[0])
            self._bind_import(name, meaning, node)
            if not alias.asname and "." in alias.name and self.scope.kind == "module":
                # `import a.b` also loads `a.b`, which a module of the program may need to know.
                self.bindings.append(Binding(alias.name, "import", alias.name, None, self.scope.block, 0))

    def _import_from(self, node: Any) -> None:
        if not node.level and node.module:
            self.packages.add(node.module.partition(".")[0])
        for alias in node.names:
            if alias.name == "*":
                self.stars.append(imported_from(node, "")[:-1] if node.module else f"@{node.level}:")
            else:
                self._bind_import(alias.asname or alias.name, imported_from(node, alias.name), node)

    def _bind_import(self, name: str, meaning: str, node: Any) -> None:
        scope = self.scope
        if scope.kind == "module" or name in scope.names.outer:
            self.bindings.append(Binding(name, "import", meaning, None, scope.block, scope.index))
        elif scope.kind == "class" and scope.cls is not None:
            scope.cls.attributes.append((name, meaning, None))
        elif not scope.names.bound.get(name):
            scope.ops.append(
                Assign(
                    f"${name}",
                    meaning,
                    "import",
                    scope.block,
                    node.lineno,
                    node.col_offset,
                    node.end_lineno,
                    node.end_col_offset,
                )
            )

    def _type_alias(self, node: Any) -> None:
        self._assign(node.name, self.annotation(node.value), "", node)
