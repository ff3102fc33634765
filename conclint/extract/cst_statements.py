"""LibCST's statements and patterns as `ast` nodes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import libcst as cst

from conclint.extract.cst_expressions import Expressions, InvalidSourceError, identifier
from conclint.extract.cst_operators import AUGMENTED
from conclint.extract.nodes import TryStar, TypeAlias

_Placed = TypeVar("_Placed", bound=ast.AST)


def module(tree: cst.Module, expressions: Expressions) -> ast.Module:
    """The `ast` tree of a module.

    Raises:
        InvalidSourceError: no Python accepts it.
    """
    return ast.Module(Statements(expressions).suite(tree), [])


class Statements:
    """Converts statements; each method is named after the LibCST node that it takes."""

    def __init__(self, expressions: Expressions) -> None:
        self._of = expressions
        self._at = expressions.at
        self._positions = expressions.positions
        self._with_semicolon: dict[ast.AST, ast.AST] = {}

    def suite(self, node: cst.Module | cst.BaseSuite) -> list[ast.stmt]:
        """The statements of a block."""
        if isinstance(node, cst.SimpleStatementSuite):
            return self._line(node)
        made: list[ast.stmt] = []
        for item in node.body:
            made += self._line(item) if isinstance(item, cst.SimpleStatementLine) else [self._statement(item)]
        return made

    def _line(self, node: cst.SimpleStatementLine | cst.SimpleStatementSuite) -> list[ast.stmt]:
        made = [self._statement(item) for item in node.body]
        semicolon = node.body[-1].semicolon
        if isinstance(semicolon, cst.Semicolon):
            # A last semicolon is no part of its statement, but of the block that ends there.
            end = self._positions.behind_space(semicolon.whitespace_before) + 1
            self._with_semicolon[made[-1]] = self._positions.place(ast.Pass(), end, end)
        return made

    def _statement(self, node: Any) -> ast.stmt:
        convert = _SIMPLE.get(type(node))
        if convert is not None:
            return self._at(convert(self, node), node)
        build = _COMPOUND.get(type(node))
        if build is None:
            raise InvalidSourceError(type(node).__name__)
        return build(self, node)

    def _span(self, made: _Placed, node: cst.CSTNode, last: ast.AST) -> _Placed:
        """Place a compound statement: it ends with its last statement."""
        self._at(made, node)
        last = self._with_semicolon.get(last, last)
        made.end_lineno, made.end_col_offset = last.end_lineno, last.end_col_offset  # type: ignore[attr-defined]  # is placed
        return made

    # Simple statements ----------------------------------------------------------------------------------------------

    def _expression(self, node: cst.Expr) -> ast.stmt:
        return ast.Expr(self._of.expr(node.value))

    def _assign(self, node: cst.Assign) -> ast.stmt:
        return ast.Assign([self._of.target(item.target) for item in node.targets], self._of.expr(node.value))

    def _annotated(self, node: cst.AnnAssign) -> ast.stmt:
        target = self._of.target(node.target)
        if not isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
            raise InvalidSourceError("not a target of an annotation")
        simple = int(isinstance(node.target, cst.Name) and not node.target.lpar)
        return ast.AnnAssign(target, self._of.expr(node.annotation.annotation), self._of.maybe(node.value), simple)

    def _augmented(self, node: cst.AugAssign) -> ast.stmt:
        target = self._of.target(node.target)
        if not isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
            raise InvalidSourceError("not a target of an operator")
        return ast.AugAssign(target, AUGMENTED[type(node.operator)](), self._of.expr(node.value))

    def _return(self, node: cst.Return) -> ast.stmt:
        return ast.Return(self._of.maybe(node.value))

    def _raise(self, node: cst.Raise) -> ast.stmt:
        return ast.Raise(self._of.maybe(node.exc), self._of.maybe(node.cause.item if node.cause else None))

    def _delete(self, node: cst.Del) -> ast.stmt:
        made = self._of.target(node.target, ast.Del)
        return ast.Delete(made.elts if isinstance(made, ast.Tuple) and not _bracketed(node.target) else [made])

    def _assert(self, node: cst.Assert) -> ast.stmt:
        return ast.Assert(self._of.expr(node.test), self._of.maybe(node.msg))

    def _import(self, node: cst.Import | cst.LazyImport) -> ast.stmt:
        return ast.Import(self._aliases(node.names))

    def _import_from(self, node: cst.ImportFrom | cst.LazyImportFrom) -> ast.stmt:
        if isinstance(node.names, cst.ImportStar):
            aliases = [self._at(ast.alias("*", None), node.names)]
        else:
            aliases = self._aliases(node.names)
        return ast.ImportFrom(_dotted(node.module) if node.module else None, aliases, len(node.relative))

    def _aliases(self, names: Iterable[cst.ImportAlias]) -> list[ast.alias]:
        return [self._at(ast.alias(_dotted(item.name), _name(item.asname)), item) for item in names]

    def _global(self, node: cst.Global) -> ast.stmt:
        return ast.Global([identifier(item.name.value) for item in node.names])

    def _nonlocal(self, node: cst.Nonlocal) -> ast.stmt:
        return ast.Nonlocal([identifier(item.name.value) for item in node.names])

    def _type_alias(self, node: cst.TypeAlias) -> ast.stmt:
        kind: Any = TypeAlias
        made: ast.stmt = _generic(kind(name=self._of.target(node.name), value=self._of.expr(node.value)))
        return made

    # Compound statements --------------------------------------------------------------------------------------------

    def _function(self, node: cst.FunctionDef) -> ast.stmt:
        kind = ast.AsyncFunctionDef if node.asynchronous else ast.FunctionDef
        body = self.suite(node.body)
        made = kind(
            name=identifier(node.name.value),
            args=self._of.parameters(node.params),
            body=body,
            decorator_list=[self._of.expr(item.decorator) for item in node.decorators],
            returns=self._of.maybe(node.returns.annotation if node.returns else None),
        )
        return self._span(_generic(made), node, body[-1])

    def _class(self, node: cst.ClassDef) -> ast.stmt:
        body = self.suite(node.body)
        bases, keywords = self._of.arguments([*node.bases, *node.keywords])
        made = ast.ClassDef(
            name=identifier(node.name.value),
            bases=bases,
            keywords=keywords,
            body=body,
            decorator_list=[self._of.expr(item.decorator) for item in node.decorators],
        )
        return self._span(_generic(made), node, body[-1])

    def _if(self, node: cst.If) -> ast.stmt:
        body = self.suite(node.body)
        otherwise = [self._if(node.orelse)] if isinstance(node.orelse, cst.If) else self._else(node.orelse)
        made = ast.If(self._of.expr(node.test), body, otherwise)
        return self._span(made, node, (otherwise or body)[-1])

    def _else(self, node: cst.Else | None) -> list[ast.stmt]:
        return self.suite(node.body) if node is not None else []

    def _while(self, node: cst.While) -> ast.stmt:
        body, otherwise = self.suite(node.body), self._else(node.orelse)
        made = ast.While(self._of.expr(node.test), body, otherwise)
        return self._span(made, node, (otherwise or body)[-1])

    def _for(self, node: cst.For) -> ast.stmt:
        body, otherwise = self.suite(node.body), self._else(node.orelse)
        kind = ast.AsyncFor if node.asynchronous else ast.For
        made = kind(self._of.target(node.target), self._of.expr(node.iter), body, otherwise)
        return self._span(made, node, (otherwise or body)[-1])

    def _with(self, node: cst.With) -> ast.stmt:
        items = []
        for item in node.items:
            name = self._of.target(item.asname.name) if item.asname else None
            items.append(ast.withitem(self._of.expr(item.item), name))
        body = self.suite(node.body)
        kind = ast.AsyncWith if node.asynchronous else ast.With
        return self._span(kind(items, body), node, body[-1])

    def _try(self, node: cst.Try | cst.TryStar) -> ast.stmt:
        body = self.suite(node.body)
        handlers = [self._handler(item) for item in node.handlers]
        otherwise = self._else(node.orelse)
        final = self.suite(node.finalbody.body) if node.finalbody else []
        kind: Any = TryStar if isinstance(node, cst.TryStar) else ast.Try
        made: ast.stmt = kind(body=body, handlers=handlers, orelse=otherwise, finalbody=final)
        return self._span(made, node, (final or otherwise or handlers or body)[-1])

    def _handler(self, node: cst.ExceptHandler | cst.ExceptStarHandler) -> ast.ExceptHandler:
        body = self.suite(node.body)
        made = ast.ExceptHandler(self._of.maybe(node.type), _name(node.name), body)
        return self._span(made, node, body[-1])

    def _match(self, node: cst.Match) -> ast.stmt:
        cases = []
        for case in node.cases:
            guard = self._of.maybe(case.guard)
            cases.append(ast.match_case(self._pattern(case.pattern), guard, self.suite(case.body)))
        made = ast.Match(self._of.expr(node.subject), cases)
        return self._span(made, node, cases[-1].body[-1])

    # Patterns -------------------------------------------------------------------------------------------------------

    def _pattern(self, node: Any) -> ast.pattern:
        made = _PATTERNS[type(node)](self, node)
        if isinstance(node, cst.MatchTuple) and node.lpar:
            start, end = self._positions.start(node.lpar[-1]), self._positions.end(node.rpar[0])
            return self._positions.place(made, start, end)
        return self._at(made, node)

    def _match_value(self, node: cst.MatchValue) -> ast.pattern:
        return ast.MatchValue(self._of.expr(node.value))

    def _match_singleton(self, node: cst.MatchSingleton) -> ast.pattern:
        return ast.MatchSingleton({"None": None, "True": True, "False": False}[node.value.value])

    def _match_sequence(self, node: cst.MatchSequence) -> ast.pattern:
        return ast.MatchSequence(
            [self._pattern(item if isinstance(item, cst.MatchStar) else item.value) for item in node.patterns]
        )

    def _match_star(self, node: cst.MatchStar) -> ast.pattern:
        return ast.MatchStar(identifier(node.name.value) if node.name else None)

    def _match_mapping(self, node: cst.MatchMapping) -> ast.pattern:
        keys = [self._of.expr(item.key) for item in node.elements]
        patterns = [self._pattern(item.pattern) for item in node.elements]
        return ast.MatchMapping(keys, patterns, identifier(node.rest.value) if node.rest else None)

    def _match_class(self, node: cst.MatchClass) -> ast.pattern:
        return ast.MatchClass(
            self._of.expr(node.cls),
            [self._pattern(item.value) for item in node.patterns],
            [identifier(item.key.value) for item in node.kwds],
            [self._pattern(item.pattern) for item in node.kwds],
        )

    def _match_as(self, node: cst.MatchAs) -> ast.pattern:
        inner = self._pattern(node.pattern) if node.pattern is not None else None
        return ast.MatchAs(inner, identifier(node.name.value) if node.name else None)

    def _match_or(self, node: cst.MatchOr) -> ast.pattern:
        return ast.MatchOr([self._pattern(item.pattern) for item in node.patterns])


def _bracketed(node: Any) -> bool:
    return bool(node.lpar)


def _generic(made: _Placed) -> _Placed:
    # What stands in the brackets of a generic is no fact.
    if "type_params" in made._fields:
        made.type_params = []  # type: ignore[attr-defined]  # by its fields
    return made


def _dotted(node: cst.BaseExpression) -> str:
    names: list[str] = []
    while isinstance(node, cst.Attribute):
        names.append(identifier(node.attr.value))
        node = node.value
    if not isinstance(node, cst.Name):
        raise InvalidSourceError("not a module's name")
    return ".".join([identifier(node.value), *reversed(names)])


def _name(node: cst.AsName | None) -> str | None:
    if node is None:
        return None
    if not isinstance(node.name, cst.Name):
        raise InvalidSourceError("not a name")
    return identifier(node.name.value)


_SIMPLE: dict[type[cst.CSTNode], Callable[[Statements, Any], ast.stmt]] = {
    cst.Expr: Statements._expression,
    cst.Assign: Statements._assign,
    cst.AnnAssign: Statements._annotated,
    cst.AugAssign: Statements._augmented,
    cst.Return: Statements._return,
    cst.Raise: Statements._raise,
    cst.Del: Statements._delete,
    cst.Assert: Statements._assert,
    cst.Import: Statements._import,
    cst.ImportFrom: Statements._import_from,
    cst.Global: Statements._global,
    cst.Nonlocal: Statements._nonlocal,
    cst.Pass: lambda _self, _node: ast.Pass(),
    cst.Break: lambda _self, _node: ast.Break(),
    cst.Continue: lambda _self, _node: ast.Continue(),
    cst.TypeAlias: Statements._type_alias,
}
# Python 3.15's, which only newer versions of LibCST know.
for _later, _convert in (("LazyImport", Statements._import), ("LazyImportFrom", Statements._import_from)):
    if hasattr(cst, _later):
        _SIMPLE[getattr(cst, _later)] = _convert
_COMPOUND: dict[type[cst.CSTNode], Callable[[Statements, Any], ast.stmt]] = {
    cst.FunctionDef: Statements._function,
    cst.ClassDef: Statements._class,
    cst.If: Statements._if,
    cst.While: Statements._while,
    cst.For: Statements._for,
    cst.With: Statements._with,
    cst.Try: Statements._try,
    cst.TryStar: Statements._try,
    cst.Match: Statements._match,
}
_PATTERNS: dict[type[cst.CSTNode], Callable[[Statements, Any], ast.pattern]] = {
    cst.MatchValue: Statements._match_value,
    cst.MatchSingleton: Statements._match_singleton,
    cst.MatchList: Statements._match_sequence,
    cst.MatchTuple: Statements._match_sequence,
    cst.MatchStar: Statements._match_star,
    cst.MatchMapping: Statements._match_mapping,
    cst.MatchClass: Statements._match_class,
    cst.MatchAs: Statements._match_as,
    cst.MatchOr: Statements._match_or,
}
