"""Expressions to values and operations."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from conclint.extract.names import Names
from conclint.extract.operators import OPERATORS
from conclint.extract.state import State
from conclint.extract.uses import (
    ARGUMENT,
    ASSIGNED,
    ATTRIBUTE,
    AWAITED,
    CALLED,
    COLLECTED,
    COMPARED,
    FORMATTED,
    ITEM,
    ITERATED,
    OPERAND,
    OTHER,
    RETURNED,
    TESTED,
    YIELDED,
)
from conclint.facts import Attr, Await, Call, Const, Expr, Fn, Gather, Item, Load, Mix, Seq, Test, Yield

_LOAD_ROOTS = frozenset("$&:@?")
_TEXT = 80
_PASSED = frozenset((ARGUMENT, ASSIGNED, COLLECTED, RETURNED))
_NONE = Const(None)
_TRUE, _FALSE = Const(True), Const(False)


class Expressions(State):
    """The part of the visitor that reads expressions."""

    def expr(self, node: ast.AST, use: int = OTHER) -> Expr:
        """The value of an expression; its operations are appended to the body."""
        return _EXPRESSIONS[node.__class__](self, node, use)

    def _name(self, node: Any, use: int) -> Expr:
        found = self.root(node.id)
        if found[0] != "$" and use in _PASSED:
            # A function handed on under its name is called by another: the name must lead here all the same.
            self.scope.used.add(node.id)
        return found

    def _constant(self, node: Any, use: int) -> Expr:
        value = node.value
        kind = value.__class__
        if kind is str:
            if len(value) > _TEXT:
                value = value[:_TEXT]
            if not value.isascii():
                value = value.encode("utf-8", "backslashreplace").decode("utf-8")
            return Const(value)
        if value is None:
            return _NONE
        if value is True:
            return _TRUE
        if value is False:
            return _FALSE
        if kind is int and -(2**63) <= value < 2**63:
            return Const(value)
        if kind is float:
            return Const(value)
        return Mix(kind.__name__, ())

    def chain(self, node: Any) -> Expr:
        """`a.b.c` as one string, or an `Attr` over what stands at its root. Its attributes count as used names."""
        attrs = [node.attr]
        base = node.value
        used = self.scope.used
        while base.__class__ is ast.Attribute:
            used.add(base.attr)
            attrs.append(base.attr)
            base = base.value
        if base.__class__ is ast.Name:
            if len(attrs) == 1:
                return f"{self.root(base.id)}.{attrs[0]}"
            attrs.reverse()
            return f"{self.root(base.id)}.{'.'.join(attrs)}"
        value = self.expr(base, ATTRIBUTE)
        for attr in reversed(attrs):
            value = Attr(value, attr)
        return value

    def _attribute(self, node: Any, use: int) -> Expr:
        value = self.chain(node)
        scope = self.scope
        scope.used.add(node.attr)
        if value.__class__ is not str or value[0] in _LOAD_ROOTS:
            scope.ops.append(
                Load(value, use, scope.block, node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
            )
        return value

    def _call(self, node: Any, use: int) -> Expr:
        func = node.func
        scope = self.scope
        if func.__class__ is ast.Attribute:
            callee = self.chain(func)
            scope.used.add(func.attr)
        elif func.__class__ is ast.Name:
            callee = self.root(func.id)
            scope.used.add(func.id)
            # An import may have another name than the function has where it is defined.
            if callee[0] not in "$&:?" and not callee.endswith(func.id):
                scope.used.add(callee.rpartition(".")[2])
        else:
            callee = self.expr(func, CALLED)
            scope.used.add("()")
        args = node.args
        values = tuple([self.expr(arg, ARGUMENT) for arg in args]) if args else ()
        keywords = node.keywords
        pairs = tuple([(word.arg or "", self.expr(word.value, ARGUMENT)) for word in keywords]) if keywords else ()
        ops = scope.ops
        ops.append(
            Call(
                callee,
                values,
                pairs,
                use,
                scope.block,
                node.lineno,
                node.col_offset,
                node.end_lineno,
                node.end_col_offset,
            )
        )
        return len(ops) - 1

    def _await(self, node: Any, use: int) -> Expr:
        value = self.expr(node.value, AWAITED)
        scope = self.scope
        scope.ops.append(
            Await(value, use, scope.block, node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
        )
        return len(scope.ops) - 1

    def _subscript(self, node: Any, use: int) -> Expr:
        base = self.expr(node.value, ITEM)
        return Item(base, self.expr(node.slice))

    def _sequence(self, node: Any, use: int) -> Expr:
        return Seq(node.__class__.__name__.lower(), tuple([self.expr(item, COLLECTED) for item in node.elts]))

    def _dict(self, node: Any, use: int) -> Expr:
        for key in node.keys:
            if key is not None and key.__class__ is not ast.Constant:
                self.expr(key, COLLECTED)
        return Seq("dict", tuple([self.expr(item, COLLECTED) for item in node.values]))

    def _not(self, node: Any, use: int) -> Expr:
        if node.op.__class__ is ast.Not:
            return Test("not", (self.expr(node.operand, TESTED),))
        value = self.expr(node.operand, OPERAND)
        if node.op.__class__ is ast.USub and value.__class__ is Const and isinstance(value.value, int | float):
            return Const(-value.value)
        return Mix("unary", (value,))

    def _boolean(self, node: Any, use: int) -> Expr:
        kind = "and" if node.op.__class__ is ast.And else "or"
        values = node.values
        before = self.scope.block
        items: list[Expr] = [self.expr(values[0], TESTED)]
        last = len(values) - 1
        for position, value in enumerate(values[1:], 1):
            self._enter(kind, items[-1], value)
            items.append(self.expr(value, use if position == last else TESTED))
        self._return_to(before)
        return Test(kind, tuple(items))

    def _return_to(self, block: int) -> None:
        """Leave blocks made for operands; those in which nothing happened are dropped again."""
        scope = self.scope
        blocks = scope.blocks
        while len(blocks) - 1 > block and scope.block == len(blocks) - 1 and not self._happens_in(scope.block):
            scope.block = blocks.pop().parent
        scope.block = block

    def _happens_in(self, block: int) -> bool:
        ops = self.scope.ops
        return bool(ops) and ops[-1].block == block

    def _conditional(self, node: Any, use: int) -> Expr:
        test = self.expr(node.test, TESTED)
        before = self.scope.block
        self._enter("if", test, node.body)
        yes = self.expr(node.body, use)
        self._return_to(before)
        self._enter("else", test, node.orelse)
        no = self.expr(node.orelse, use)
        self._return_to(before)
        return Mix("if", (yes, no))

    def _compare(self, node: Any, use: int) -> Expr:
        items = [self.expr(node.left, COMPARED)]
        items.extend([self.expr(item, COMPARED) for item in node.comparators])
        op = OPERATORS[node.ops[0].__class__] if len(node.ops) == 1 else "chain"
        return Test(op, tuple(items))

    def _binary(self, node: Any, use: int) -> Expr:
        # Long sums nest as deep as they are long: the left spine is walked, not recursed into.
        kind = OPERATORS[node.op.__class__]
        spine = []
        while node.__class__ is ast.BinOp:
            spine.append(node.right)
            node = node.left
        items = [self.expr(node, OPERAND)]
        for right in reversed(spine):
            use = FORMATTED if kind == "%" and items[0].__class__ is Const else OPERAND
            items.append(self.expr(right, use))
        return Mix(kind, tuple(items))

    def _joined(self, node: Any, use: int) -> Expr:
        parts = [self.expr(part, FORMATTED) for part in node.values if part.__class__ is not ast.Constant]
        return Mix("f", tuple(parts))

    def _formatted(self, node: Any, use: int) -> Expr:
        value = self.expr(node.value, FORMATTED)
        if node.format_spec is not None:
            self.expr(node.format_spec, FORMATTED)
        return value

    def _starred(self, node: Any, use: int) -> Expr:
        return Mix("star", (self.expr(node.value, ITERATED),))

    def _walrus(self, node: Any, use: int) -> Expr:
        value = self.expr(node.value, ASSIGNED)
        scope = self.scope
        name = node.target.id
        if name not in scope.names.bound and name not in scope.names.outer:
            scope.names.bind(name)
            scope.resolved.pop(name, None)
        self._assign(node.target, value, "walrus", node)
        return value

    def _lambda(self, node: Any, use: int) -> Expr:
        index = self.function(node, "<lambda>", node.args, node.body)
        return Fn(index)

    def _yield(self, node: Any, use: int) -> Expr:
        whole = node.__class__ is ast.YieldFrom
        value = self.expr(node.value, YIELDED) if node.value is not None else None
        scope = self.scope
        scope.is_generator = True
        scope.ops.append(Yield(value, whole, scope.block, node.lineno, node.col_offset))
        return len(scope.ops) - 1

    def _slice(self, node: Any, use: int) -> Expr:
        parts = [part for part in (node.lower, node.upper, node.step) if part is not None]
        return Mix("slice", tuple([self.expr(part) for part in parts]))

    def _comprehension(self, node: Any, use: int) -> Expr:
        scope = self.scope
        before = scope.block
        hidden: list[tuple[str, str | None, str | None]] = []
        for generator in node.generators:
            source = self.expr(generator.iter, ITERATED)
            names = Names()
            names.target(generator.target)
            self._enter("async-comp" if generator.is_async else "comp", source, generator.target)
            scope.used.add("__aiter__" if generator.is_async else "__iter__")
            if generator.is_async:
                self._suspend(generator.target)
            for name in names.bound:
                hidden.append((name, scope.resolved.get(name), scope.names.bound.get(name)))
                scope.names.bound[name] = ""
                scope.resolved[name] = f"${name}~{scope.block}"
            self._assign(generator.target, Mix("aeach" if generator.is_async else "each", (source,)), "for", node)
            for test in generator.ifs:
                self._enter("if", self.expr(test, TESTED), test)
        if node.__class__ is ast.DictComp:
            self.expr(node.key, COLLECTED)
            element = self.expr(node.value, COLLECTED)
            kind = "dict"
        else:
            element = self.expr(node.elt, COLLECTED)
            kind = _COMPREHENSIONS[node.__class__]
        for name, resolved, bound in reversed(hidden):
            if bound is None:
                scope.names.bound.pop(name, None)
            else:
                scope.names.bound[name] = bound
            if resolved is None:
                scope.resolved.pop(name, None)
            else:
                scope.resolved[name] = resolved
        inner = scope.block
        scope.block = before
        scope.ops.append(
            Gather(
                kind,
                element,
                inner,
                use,
                before,
                node.lineno,
                node.col_offset,
                node.end_lineno,
                node.end_col_offset,
            )
        )
        return len(scope.ops) - 1

    def _nothing(self, node: Any, use: int) -> Expr:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.expr(child)
        return None

    def annotation(self, node: ast.expr | None) -> Expr:
        """A type, without the operations of evaluating it; strings are read as the types that they spell."""
        if node is None:
            return None
        kind = node.__class__
        if kind is ast.Name:
            return self.root(node.id)  # type: ignore[attr-defined]  # by the kind
        if kind is ast.Attribute:
            names = []
            base: Any = node
            while base.__class__ is ast.Attribute:
                names.append(base.attr)
                base = base.value
            return ".".join([self.root(base.id), *reversed(names)]) if base.__class__ is ast.Name else None
        if isinstance(node, ast.Subscript):
            return Item(self.annotation(node.value), self.annotation(node.slice))
        if isinstance(node, ast.Constant):
            return self._spelled(node.value) if isinstance(node.value, str) else self._constant(node, OTHER)
        if isinstance(node, ast.BinOp):
            return Mix("|", (self.annotation(node.left), self.annotation(node.right)))
        if isinstance(node, ast.Tuple | ast.List):
            return Seq("tuple", tuple([self.annotation(item) for item in node.elts]))
        return None

    def _spelled(self, text: str) -> Expr:
        if len(text) > 4 * _TEXT:
            return None
        try:
            tree = ast.parse(text.strip(), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        return self.annotation(tree.body)


_COMPREHENSIONS: dict[type[ast.AST], str] = {ast.ListComp: "list", ast.SetComp: "set", ast.GeneratorExp: "generator"}

_EXPRESSIONS: dict[type[ast.AST], Callable[[Expressions, Any, int], Expr]] = {
    ast.Name: Expressions._name,
    ast.Constant: Expressions._constant,
    ast.Attribute: Expressions._attribute,
    ast.Call: Expressions._call,
    ast.Await: Expressions._await,
    ast.Subscript: Expressions._subscript,
    ast.List: Expressions._sequence,
    ast.Tuple: Expressions._sequence,
    ast.Set: Expressions._sequence,
    ast.Dict: Expressions._dict,
    ast.UnaryOp: Expressions._not,
    ast.BoolOp: Expressions._boolean,
    ast.IfExp: Expressions._conditional,
    ast.Compare: Expressions._compare,
    ast.BinOp: Expressions._binary,
    ast.JoinedStr: Expressions._joined,
    ast.FormattedValue: Expressions._formatted,
    ast.Starred: Expressions._starred,
    ast.NamedExpr: Expressions._walrus,
    ast.Lambda: Expressions._lambda,
    ast.Yield: Expressions._yield,
    ast.YieldFrom: Expressions._yield,
    ast.Slice: Expressions._slice,
    ast.ListComp: Expressions._comprehension,
    ast.SetComp: Expressions._comprehension,
    ast.GeneratorExp: Expressions._comprehension,
    ast.DictComp: Expressions._comprehension,
}
for _later, _method in (("TemplateStr", Expressions._joined), ("Interpolation", Expressions._formatted)):
    if hasattr(ast, _later):
        _EXPRESSIONS[getattr(ast, _later)] = _method
