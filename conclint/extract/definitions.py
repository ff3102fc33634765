"""Functions, lambdas and classes."""

from __future__ import annotations

import ast
from typing import Any

from conclint.extract.compound import Compound
from conclint.extract.names import Names
from conclint.extract.scope import ClassParts, Scope
from conclint.extract.uses import CALLED, RETURNED
from conclint.facts import Assign, Binding, Call, Class, Cls, Decorator, Define, Expr, Fn, Function, Param


class Definitions(Compound):
    """The part of the visitor that reads definitions."""

    def _def(self, node: Any) -> None:
        if node.body[0].lineno - 1 > node.lineno:
            self.extents.append((node.lineno, node.body[0].lineno - 1))
        decorators = tuple([self._decorator(item) for item in node.decorator_list])
        index = self.function(node, node.name, node.args, node.body, decorators)
        scope = self.scope
        scope.ops.append(Define("def", index, scope.block, node.lineno))
        if scope.kind == "class" and scope.cls is not None:
            scope.cls.methods.append((node.name, index))
        elif scope.kind == "module" or node.name in scope.names.outer:
            self.bindings.append(Binding(node.name, "def", Fn(index), None, scope.block, scope.index))
        else:
            scope.ops.append(
                Assign(f"${node.name}", Fn(index), "", scope.block, node.lineno, node.col_offset, node.lineno, 0)
            )

    def _decorator(self, node: Any) -> Decorator:
        func = node
        args: tuple[Expr, ...] = ()
        keywords: tuple[tuple[str, Expr], ...] = ()
        called = node.__class__ is ast.Call
        if called:
            func = node.func
            ops = len(self.scope.ops)
            self.expr(node, CALLED)
            made = self.scope.ops[-1]
            if isinstance(made, Call) and len(self.scope.ops) > ops:
                args, keywords = made.args, made.keywords
        value = self.annotation(func)
        if not called and func.__class__ is ast.Attribute:
            self.scope.used.add(func.attr)
        return Decorator(value, called, args, keywords, node.lineno)

    def function(
        self, node: Any, name: str, args: ast.arguments, body: Any, decorators: tuple[Decorator, ...] = ()
    ) -> int:
        """Visit a def or lambda; its number."""
        outer = self.scope
        params = self._params(args)
        returns = self.annotation(getattr(node, "returns", None))
        names = Names()
        for param in params:
            names.bound[param.name] = ""
        if isinstance(body, list):
            names.walk(body)
        index = len(self.functions)
        self.functions.append(None)
        scope = Scope("function", name, index, outer, names)
        member = outer.kind == "class" and name != "<lambda>"
        in_class = -1
        if member and outer.cls is not None:
            in_class = outer.cls.index
            if params and not any(item.func in ("builtins.staticmethod",) for item in decorators):
                scope.cls = outer.cls
                scope.self_name = params[0].name
        self.scope = scope
        if isinstance(body, list):
            self.suite(body)
        else:
            value = self.expr(body, RETURNED)
            self._leave("return", value, body)
        self.scope = outer
        self.functions[index] = Function(
            name,
            self._qualify(outer, name),
            node.__class__ is ast.AsyncFunctionDef,
            scope.is_generator,
            params,
            decorators,
            returns,
            outer.index,
            in_class,
            outer.block,
            frozenset(scope.used),
            node.lineno,
            node.col_offset,
            node.end_lineno,
            node.end_col_offset,
            scope.body(),
        )
        return index

    def _qualify(self, outer: Scope, name: str) -> str:
        parts = [name]
        scope: Scope | None = outer
        while scope is not None and scope.kind != "module":
            parts.append(scope.name)
            scope = scope.parent
        return ".".join(reversed(parts))

    def _params(self, args: ast.arguments) -> tuple[Param, ...]:
        found: list[Param] = []
        plain = [(arg, "/") for arg in args.posonlyargs] + [(arg, "") for arg in args.args]
        first = len(plain) - len(args.defaults)
        for position, (arg, kind) in enumerate(plain):
            default = self.expr(args.defaults[position - first]) if position >= first else None
            found.append(Param(arg.arg, kind, self.annotation(arg.annotation), default, position < first))
        if args.vararg is not None:
            found.append(Param(args.vararg.arg, "*", self.annotation(args.vararg.annotation), None, False))
        for arg, value in zip(args.kwonlyargs, args.kw_defaults):
            default = self.expr(value) if value is not None else None
            found.append(Param(arg.arg, "k", self.annotation(arg.annotation), default, value is None))
        if args.kwarg is not None:
            found.append(Param(args.kwarg.arg, "**", self.annotation(args.kwarg.annotation), None, False))
        return tuple(found)

    def _class(self, node: Any) -> None:
        outer = self.scope
        decorators = tuple([self._decorator(item) for item in node.decorator_list])
        bases = tuple([self.annotation(base) for base in node.bases])
        keywords = tuple([(word.arg or "", self.expr(word.value)) for word in node.keywords])
        names = Names()
        names.walk(node.body)
        index = len(self.classes)
        self.classes.append(None)
        body = len(self.functions)
        self.functions.append(None)
        parts = ClassParts(index)
        scope = Scope("class", node.name, body, outer, names)
        scope.cls = parts
        self.scope = scope
        self.suite(node.body)
        self.scope = outer
        qualname = self._qualify(outer, node.name)
        span = (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
        self.functions[body] = Function(
            "<class>",
            qualname,
            False,
            False,
            (),
            (),
            None,
            outer.index,
            index,
            outer.block,
            frozenset(scope.used),
            *span,
            scope.body(),
        )
        inside = outer.cls.index if outer.kind == "class" and outer.cls is not None else -1
        self.classes[index] = Class(
            node.name,
            qualname,
            bases,
            keywords,
            decorators,
            tuple(parts.methods),
            tuple(parts.attributes),
            tuple(parts.fields),
            outer.index,
            inside,
            body,
            *span,
        )
        outer.ops.append(Define("class", index, outer.block, node.lineno))
        if outer.kind == "class" and outer.cls is not None:
            outer.cls.attributes.append((node.name, Cls(index), None))
        elif outer.kind == "module" or node.name in outer.names.outer:
            self.bindings.append(Binding(node.name, "class", Cls(index), None, outer.block, outer.index))
        else:
            outer.ops.append(
                Assign(f"${node.name}", Cls(index), "", outer.block, node.lineno, node.col_offset, node.lineno, 0)
            )
