"""LibCST's expressions as `ast` nodes."""

from __future__ import annotations

import ast
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import libcst as cst

from conclint.extract.cst_operators import COMPARISONS, OPERATORS, UNARY
from conclint.extract.cst_positions import Positions

_Placed = TypeVar("_Placed", bound=ast.AST)
_TARGETS = (ast.Name, ast.Attribute, ast.Subscript, ast.Tuple, ast.List, ast.Starred)
_FIELDS = (cst.FormattedStringExpression, cst.TemplatedStringExpression)


def identifier(written: str) -> str:
    """The name that Python takes this spelling for."""
    return written if written.isascii() else unicodedata.normalize("NFKC", written)


class InvalidSourceError(Exception):
    """What LibCST's grammar lets pass though no Python does."""


class Expressions:
    """Converts expressions; each method is named after the LibCST node that it takes."""

    def __init__(self, positions: Positions) -> None:
        self.positions = positions

    def expr(self, node: cst.CSTNode) -> ast.expr:
        """The `ast` node for an expression.

        Raises:
            InvalidSourceError: no Python accepts it.
        """
        convert = _CONVERSIONS.get(type(node))
        if convert is None:
            raise InvalidSourceError(type(node).__name__)
        return convert(self, node)

    def maybe(self, node: cst.CSTNode | None) -> ast.expr | None:
        return None if node is None else self.expr(node)

    def target(self, node: cst.CSTNode, context: type[ast.expr_context] = ast.Store) -> ast.expr:
        """The same where it is bound or deleted."""
        made = self.expr(node)
        self._bind(made, context)
        return made

    def _bind(self, made: ast.expr, context: type[ast.expr_context]) -> None:
        if not isinstance(made, _TARGETS):
            raise InvalidSourceError("not a target")
        made.ctx = context()
        if isinstance(made, ast.Tuple | ast.List):
            for item in made.elts:
                self._bind(item, context)
        elif isinstance(made, ast.Starred):
            self._bind(made.value, context)

    def at(self, made: _Placed, node: cst.CSTNode) -> _Placed:
        """Place a node where the LibCST node stands."""
        return self.positions.place(made, self.positions.start(node), self.positions.end(node))

    def _name(self, node: cst.Name) -> ast.expr:
        if node.value in ("None", "True", "False"):
            return self.at(ast.Constant({"None": None, "True": True, "False": False}[node.value]), node)
        return self.at(ast.Name(identifier(node.value), ast.Load()), node)

    def _ellipsis(self, node: cst.Ellipsis) -> ast.expr:
        return self.at(ast.Constant(...), node)

    def _literal(self, node: cst.Integer | cst.Float | cst.Imaginary | cst.SimpleString) -> ast.expr:
        return self.at(ast.Constant(_value(node)), node)

    def _strings(self, node: cst.ConcatenatedString) -> ast.expr:
        parts: list[Any] = []
        pending: list[Any] = [node]
        while pending:
            part = pending.pop()
            if isinstance(part, cst.ConcatenatedString):
                pending += (part.right, part.left)
            else:
                parts.append(part)
        values = [part for part in parts if isinstance(part, cst.SimpleString)]
        if len(values) < len(parts):
            contents = [item for part in parts if not isinstance(part, cst.SimpleString) for item in part.parts]
            return self.at(ast.JoinedStr(self._fields(contents)), node)
        made = [_value(part) for part in values]
        if all(isinstance(part, str) for part in made):
            return self.at(ast.Constant("".join(made)), node)
        if all(isinstance(part, bytes) for part in made):
            return self.at(ast.Constant(b"".join(made)), node)
        raise InvalidSourceError("bytes beside text")

    def _formatted(self, node: cst.FormattedString | cst.TemplatedString) -> ast.expr:
        # A template's fields are evaluated where it stands, as those of an f-string are: to facts they are the same.
        return self.at(ast.JoinedStr(self._fields(node.parts)), node)

    def _fields(self, parts: Iterable[cst.CSTNode]) -> list[ast.expr]:
        """The replacement fields; the text between them is no fact."""
        made: list[ast.expr] = []
        for part in parts:
            if isinstance(part, _FIELDS):
                spec = None
                if part.format_spec is not None:
                    spec = self.at(ast.JoinedStr(self._fields(part.format_spec)), part)
                conversion = ord(part.conversion[0]) if part.conversion else -1
                if part.equal is not None and spec is None and conversion < 0:
                    conversion = ord("r")
                made.append(self.at(ast.FormattedValue(self.expr(part.expression), conversion, spec), part))
        return made

    def _attribute(self, node: cst.Attribute) -> ast.expr:
        return self.at(ast.Attribute(self.expr(node.value), identifier(node.attr.value), ast.Load()), node)

    def _call(self, node: cst.Call) -> ast.expr:
        made = self.at(ast.Call(self.expr(node.func), *self.arguments(node.args)), node)
        if len(node.args) == 1 and isinstance(node.args[0].value, cst.GeneratorExp) and not node.args[0].value.lpar:
            # The brackets of the call are also those of the generator.
            opening = self.positions.behind_space(node.whitespace_after_func)
            self.positions.place(made.args[0], opening, self.positions.end(node))
        return made

    def arguments(self, args: Sequence[cst.Arg]) -> tuple[list[ast.expr], list[ast.keyword]]:
        """The positional and the keyword arguments of a call or class."""
        values: list[ast.expr] = []
        words: list[ast.keyword] = []
        for arg in args:
            start, end = self.positions.start(arg), self.positions.outer_end(arg.value)
            value = self.expr(arg.value)
            if arg.star == "**" or arg.keyword is not None:
                name = identifier(arg.keyword.value) if arg.keyword is not None else None
                words.append(self.positions.place(ast.keyword(name, value), start, end))
            elif arg.star:
                values.append(self.positions.place(ast.Starred(value, ast.Load()), start, end))
            else:
                values.append(value)
        return values, words

    def _subscript(self, node: cst.Subscript) -> ast.expr:
        items = [self._index(element) for element in node.slice]
        last = node.slice[-1]
        index = items[0]
        if len(items) > 1 or isinstance(last.comma, cst.Comma) or isinstance(index, ast.Starred):
            start = self.positions.outer_start(getattr(node.slice[0].slice, "value", node.slice[0].slice))
            if isinstance(index, ast.Starred):
                start = self.positions.start(node.slice[0])
            tuple_end = self._element_end(last, getattr(last.slice, "value", last.slice))
            index = self.positions.place(ast.Tuple(items, ast.Load()), start, tuple_end)
        return self.at(ast.Subscript(self.expr(node.value), index, ast.Load()), node)

    def _index(self, element: cst.SubscriptElement) -> ast.expr:
        part: Any = element.slice
        if isinstance(part, cst.Slice):
            return self.at(ast.Slice(self.maybe(part.lower), self.maybe(part.upper), self.maybe(part.step)), part)
        value = self.expr(part.value)
        if part.star:
            start, end = self.positions.start(part), self.positions.outer_end(part.value)
            return self.positions.place(ast.Starred(value, ast.Load()), start, end)
        return value

    def _element_end(self, element: Any, value: cst.CSTNode) -> int:
        if isinstance(element.comma, cst.Comma):
            return self.positions.behind_space(element.comma.whitespace_before) + 1
        return self.positions.outer_end(value)

    def _element(self, element: cst.BaseElement) -> ast.expr:
        return self.expr(element if isinstance(element, cst.StarredElement) else element.value)

    def _starred(self, node: cst.StarredElement) -> ast.expr:
        start, end = self.positions.start(node), self.positions.outer_end(node.value)
        return self.positions.place(ast.Starred(self.expr(node.value), ast.Load()), start, end)

    def _tuple(self, node: cst.Tuple) -> ast.expr:
        made = ast.Tuple([self._element(element) for element in node.elements], ast.Load())
        if node.lpar:
            start, end = self.positions.start(node.lpar[-1]), self.positions.end(node.rpar[0])
        else:
            first, last = node.elements[0], node.elements[-1]
            start = self.positions.start(first) if isinstance(first, cst.StarredElement) else -1
            start = self.positions.outer_start(first.value) if start < 0 else start
            end = self._element_end(last, last.value)
        return self.positions.place(made, start, end)

    def _list(self, node: cst.List) -> ast.expr:
        return self.at(ast.List([self._element(element) for element in node.elements], ast.Load()), node)

    def _set(self, node: cst.Set) -> ast.expr:
        return self.at(ast.Set([self._element(element) for element in node.elements]), node)

    def _dict(self, node: cst.Dict) -> ast.expr:
        keys = [self.expr(item.key) if isinstance(item, cst.DictElement) else None for item in node.elements]
        return self.at(ast.Dict(keys, [self.expr(item.value) for item in node.elements]), node)

    def _unary(self, node: cst.UnaryOperation) -> ast.expr:
        return self.at(ast.UnaryOp(UNARY[type(node.operator)](), self.expr(node.expression)), node)

    def _binary(self, node: cst.BinaryOperation) -> ast.expr:
        operator = OPERATORS[type(node.operator)]()
        return self.at(ast.BinOp(self.expr(node.left), operator, self.expr(node.right)), node)

    def _boolean(self, node: cst.BooleanOperation) -> ast.expr:
        kind = type(node.operator)
        items: list[cst.BaseExpression] = []
        pending: list[cst.BaseExpression] = [node]
        while pending:
            part = pending.pop()
            if (
                isinstance(part, cst.BooleanOperation)
                and isinstance(part.operator, kind)
                and (part is node or not part.lpar)
            ):
                pending += (part.right, part.left)
            else:
                items.append(part)
        operator = ast.And() if kind is cst.And else ast.Or()
        return self.at(ast.BoolOp(operator, [self.expr(item) for item in items]), node)

    def _comparison(self, node: cst.Comparison) -> ast.expr:
        operators = [COMPARISONS[type(item.operator)]() for item in node.comparisons]
        others = [self.expr(item.comparator) for item in node.comparisons]
        return self.at(ast.Compare(self.expr(node.left), operators, others), node)

    def _conditional(self, node: cst.IfExp) -> ast.expr:
        return self.at(ast.IfExp(self.expr(node.test), self.expr(node.body), self.expr(node.orelse)), node)

    def _walrus(self, node: cst.NamedExpr) -> ast.expr:
        target = self.target(node.target)
        if not isinstance(target, ast.Name):
            raise InvalidSourceError("not a name")
        return self.at(ast.NamedExpr(target, self.expr(node.value)), node)

    def _lambda(self, node: cst.Lambda) -> ast.expr:
        return self.at(ast.Lambda(self.parameters(node.params), self.expr(node.body)), node)

    def _await(self, node: cst.Await) -> ast.expr:
        return self.at(ast.Await(self.expr(node.expression)), node)

    def _yield(self, node: cst.Yield) -> ast.expr:
        if isinstance(node.value, cst.From):
            return self.at(ast.YieldFrom(self.expr(node.value.item)), node)
        return self.at(ast.Yield(self.maybe(node.value)), node)

    def _comprehension(self, node: Any) -> ast.expr:
        loops = self._loops(node.for_in)
        if isinstance(node, cst.DictComp):
            return self.at(ast.DictComp(self.expr(node.key), self.expr(node.value), loops), node)
        element = self.expr(node.elt)
        if isinstance(node, cst.ListComp):
            return self.at(ast.ListComp(element, loops), node)
        if isinstance(node, cst.SetComp):
            return self.at(ast.SetComp(element, loops), node)
        made = ast.GeneratorExp(element, loops)
        if node.lpar:
            return self.positions.place(made, self.positions.start(node.lpar[-1]), self.positions.end(node.rpar[0]))
        return self.at(made, node)

    def _merged(self, node: Any) -> ast.expr:
        """`{**mapping for …}`: to facts, a comprehension whose keys are not known."""
        value = self.expr(node.value)
        key = ast.copy_location(ast.Constant(None), value)
        return self.at(ast.DictComp(key, value, self._loops(node.for_in)), node)

    def _loops(self, part: cst.CompFor | None) -> list[ast.comprehension]:
        made: list[ast.comprehension] = []
        while part is not None:
            tests = [self.expr(test.test) for test in part.ifs]
            is_async = int(part.asynchronous is not None)
            made.append(ast.comprehension(self.target(part.target), self.expr(part.iter), tests, is_async))
            part = part.inner_for_in
        return made

    def parameters(self, node: cst.Parameters) -> ast.arguments:
        """The parameters of a def or lambda."""
        plain = [*node.posonly_params, *node.params]
        star, stars = node.star_arg, node.star_kwarg
        return ast.arguments(
            posonlyargs=[self._parameter(item) for item in node.posonly_params],
            args=[self._parameter(item) for item in node.params],
            vararg=self._parameter(star) if isinstance(star, cst.Param) else None,
            kwonlyargs=[self._parameter(item) for item in node.kwonly_params],
            kw_defaults=[self.maybe(item.default) for item in node.kwonly_params],
            kwarg=self._parameter(stars) if stars is not None else None,
            defaults=[self.expr(item.default) for item in plain if item.default is not None],
        )

    def _parameter(self, node: cst.Param) -> ast.arg:
        note = node.annotation.annotation if node.annotation is not None else None
        end = self.positions.end(node.name) if note is None else self.positions.outer_end(note)
        return self.positions.place(
            ast.arg(identifier(node.name.value), self.maybe(note)), self.positions.start(node.name), end
        )


def _value(node: cst.Integer | cst.Float | cst.Imaginary | cst.SimpleString) -> Any:
    try:
        return ast.literal_eval(node.value)
    except (SyntaxError, ValueError) as error:
        raise InvalidSourceError(str(error)) from error


_CONVERSIONS: dict[type[cst.CSTNode], Callable[[Expressions, Any], ast.expr]] = {
    cst.Name: Expressions._name,
    cst.Ellipsis: Expressions._ellipsis,
    cst.Integer: Expressions._literal,
    cst.Float: Expressions._literal,
    cst.Imaginary: Expressions._literal,
    cst.SimpleString: Expressions._literal,
    cst.ConcatenatedString: Expressions._strings,
    cst.FormattedString: Expressions._formatted,
    cst.TemplatedString: Expressions._formatted,
    cst.Attribute: Expressions._attribute,
    cst.Call: Expressions._call,
    cst.Subscript: Expressions._subscript,
    cst.StarredElement: Expressions._starred,
    cst.Tuple: Expressions._tuple,
    cst.List: Expressions._list,
    cst.Set: Expressions._set,
    cst.Dict: Expressions._dict,
    cst.UnaryOperation: Expressions._unary,
    cst.BinaryOperation: Expressions._binary,
    cst.BooleanOperation: Expressions._boolean,
    cst.Comparison: Expressions._comparison,
    cst.IfExp: Expressions._conditional,
    cst.NamedExpr: Expressions._walrus,
    cst.Lambda: Expressions._lambda,
    cst.Await: Expressions._await,
    cst.Yield: Expressions._yield,
    cst.ListComp: Expressions._comprehension,
    cst.SetComp: Expressions._comprehension,
    cst.DictComp: Expressions._comprehension,
    cst.GeneratorExp: Expressions._comprehension,
}
# Python 3.15's, which only newer versions of LibCST know.
if hasattr(cst, "StarredDictComp"):
    _CONVERSIONS[cst.StarredDictComp] = Expressions._merged
