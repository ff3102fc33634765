"""The one pass over a tree that makes facts.

It is written for speed: a table of functions by node type, chains of names folded into strings at once, records made
positionally, no generic visiting. Names are resolved as far as the file allows while they are read, because here the
work is spread over processes and cached, in the linker it is not.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import msgspec

from conclint.extract.names import BUILTINS, Names, imported, imported_from
from conclint.extract.nodes import TryStar, TypeAlias
from conclint.facts import (
    Assign,
    Attr,
    Await,
    Binding,
    Block,
    Body,
    Call,
    Class,
    Cls,
    Const,
    Decorator,
    Define,
    Expr,
    Fn,
    Function,
    Gather,
    Item,
    Leave,
    Load,
    Mix,
    Op,
    Param,
    Seq,
    Stmt,
    Test,
    Use,
    Yield,
    encode_body,
)

_LOAD_ROOTS = frozenset("$&:@?")
_TEXT = 80
_OTHER, _DISCARDED, _AWAITED, _RETURNED = int(Use.OTHER), int(Use.DISCARDED), int(Use.AWAITED), int(Use.RETURNED)
_YIELDED, _ASSIGNED, _ATTRIBUTE, _ITEM = int(Use.YIELDED), int(Use.ASSIGNED), int(Use.ATTRIBUTE), int(Use.ITEM)
_ARGUMENT, _ENTERED, _ITERATED, _TESTED = int(Use.ARGUMENT), int(Use.ENTERED), int(Use.ITERATED), int(Use.TESTED)
_COMPARED, _FORMATTED, _COLLECTED, _CALLED = (
    int(Use.COMPARED),
    int(Use.FORMATTED),
    int(Use.COLLECTED),
    int(Use.CALLED),
)
_OPERAND, _RAISED = int(Use.OPERAND), int(Use.RAISED)
_PASSED = frozenset((_ARGUMENT, _ASSIGNED, _COLLECTED, _RETURNED))
_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.BitOr: "|",
    ast.BitAnd: "&",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.MatMult: "@",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}
_NONE = Const(None)
_TRUE, _FALSE = Const(True), Const(False)


class Scope:
    """The body that is being written: a module, a function, a lambda or a class statement."""

    __slots__ = (
        "block",
        "blocks",
        "cls",
        "index",
        "is_generator",
        "kind",
        "loads",
        "name",
        "names",
        "ops",
        "parent",
        "resolved",
        "self_name",
        "statements",
        "used",
    )

    def __init__(self, kind: str, name: str, index: int, parent: Scope | None, names: Names) -> None:
        self.kind = kind
        self.name = name
        self.index = index
        self.parent = parent
        self.names = names
        self.ops: list[Op] = []
        self.blocks: list[Block] = [Block(-1, "body", None, None, "", -1, 0, 0, 0, 0)]
        self.statements: list[Stmt] = []
        self.loads: set[str] = set()
        self.used: set[str] = set()
        self.resolved: dict[str, str] = {}
        self.block = 0
        self.is_generator = False
        self.cls: ClassParts | None = None
        self.self_name = ""

    def body(self) -> msgspec.Raw:
        return encode_body(Body(tuple(self.ops), tuple(self.blocks), tuple(self.statements), frozenset(self.loads)))


class ClassParts:
    """What a class is found to have while its body and methods are visited."""

    __slots__ = ("attributes", "fields", "index", "methods")

    def __init__(self, index: int) -> None:
        self.index = index
        self.methods: list[tuple[str, int]] = []
        self.attributes: list[tuple[str, Expr, Expr]] = []
        self.fields: list[tuple[str, int, Expr, Expr]] = []


class Visitor:
    """Visits one module; afterwards its attributes are the parts of the facts."""

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

    # Names ----------------------------------------------------------------------------------------------------------

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

    # Expressions ----------------------------------------------------------------------------------------------------

    def expr(self, node: ast.AST, use: int = _OTHER) -> Expr:
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
        value = self.expr(base, _ATTRIBUTE)
        for attr in reversed(attrs):
            value = Attr(value, attr)
        return value

    def _attribute(self, node: Any, use: int) -> Expr:
        value = self.chain(node)
        if value.__class__ is not str or value[0] in _LOAD_ROOTS:
            scope = self.scope
            scope.used.add(node.attr)
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
            callee = self.expr(func, _CALLED)
            scope.used.add("()")
        args = node.args
        values = tuple([self.expr(arg, _ARGUMENT) for arg in args]) if args else ()
        keywords = node.keywords
        pairs = tuple([(word.arg or "", self.expr(word.value, _ARGUMENT)) for word in keywords]) if keywords else ()
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
        value = self.expr(node.value, _AWAITED)
        scope = self.scope
        scope.ops.append(
            Await(value, use, scope.block, node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
        )
        return len(scope.ops) - 1

    def _subscript(self, node: Any, use: int) -> Expr:
        base = self.expr(node.value, _ITEM)
        return Item(base, self.expr(node.slice))

    def _sequence(self, node: Any, use: int) -> Expr:
        return Seq(node.__class__.__name__.lower(), tuple([self.expr(item, _COLLECTED) for item in node.elts]))

    def _dict(self, node: Any, use: int) -> Expr:
        for key in node.keys:
            if key is not None and key.__class__ is not ast.Constant:
                self.expr(key, _COLLECTED)
        return Seq("dict", tuple([self.expr(item, _COLLECTED) for item in node.values]))

    def _not(self, node: Any, use: int) -> Expr:
        if node.op.__class__ is ast.Not:
            return Test("not", (self.expr(node.operand, _TESTED),))
        value = self.expr(node.operand, _OPERAND)
        if node.op.__class__ is ast.USub and value.__class__ is Const and isinstance(value.value, int | float):
            return Const(-value.value)
        return Mix("unary", (value,))

    def _boolean(self, node: Any, use: int) -> Expr:
        kind = "and" if node.op.__class__ is ast.And else "or"
        values = node.values
        before = self.scope.block
        items: list[Expr] = [self.expr(values[0], _TESTED)]
        last = len(values) - 1
        for position, value in enumerate(values[1:], 1):
            self._enter(kind, items[-1], value)
            items.append(self.expr(value, use if position == last else _TESTED))
        self._return_to(before)
        return Test(kind, tuple(items))

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
        test = self.expr(node.test, _TESTED)
        before = self.scope.block
        self._enter("if", test, node.body)
        yes = self.expr(node.body, use)
        self._return_to(before)
        self._enter("else", test, node.orelse)
        no = self.expr(node.orelse, use)
        self._return_to(before)
        return Mix("if", (yes, no))

    def _compare(self, node: Any, use: int) -> Expr:
        items = [self.expr(node.left, _COMPARED)]
        items.extend([self.expr(item, _COMPARED) for item in node.comparators])
        op = _OPERATORS[node.ops[0].__class__] if len(node.ops) == 1 else "chain"
        return Test(op, tuple(items))

    def _binary(self, node: Any, use: int) -> Expr:
        # Long sums nest as deep as they are long: the left spine is walked, not recursed into.
        kind = _OPERATORS[node.op.__class__]
        spine = []
        while node.__class__ is ast.BinOp:
            spine.append(node.right)
            node = node.left
        items = [self.expr(node, _OPERAND)]
        for right in reversed(spine):
            use = _FORMATTED if kind == "%" and items[0].__class__ is Const else _OPERAND
            items.append(self.expr(right, use))
        return Mix(kind, tuple(items))

    def _joined(self, node: Any, use: int) -> Expr:
        parts = [self.expr(part, _FORMATTED) for part in node.values if part.__class__ is not ast.Constant]
        return Mix("f", tuple(parts))

    def _formatted(self, node: Any, use: int) -> Expr:
        value = self.expr(node.value, _FORMATTED)
        if node.format_spec is not None:
            self.expr(node.format_spec, _FORMATTED)
        return value

    def _starred(self, node: Any, use: int) -> Expr:
        return Mix("star", (self.expr(node.value, _ITERATED),))

    def _walrus(self, node: Any, use: int) -> Expr:
        value = self.expr(node.value, _ASSIGNED)
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
        value = self.expr(node.value, _YIELDED) if node.value is not None else None
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
            source = self.expr(generator.iter, _ITERATED)
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
                self._enter("if", self.expr(test, _TESTED), test)
        if node.__class__ is ast.DictComp:
            self.expr(node.key, _COLLECTED)
            element = self.expr(node.value, _COLLECTED)
            kind = "dict"
        else:
            element = self.expr(node.elt, _COLLECTED)
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

    def _suspend(self, node: Any) -> None:
        scope = self.scope
        scope.ops.append(
            Await(None, _OTHER, scope.block, node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
        )

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
            return self._spelled(node.value) if isinstance(node.value, str) else self._constant(node, _OTHER)
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

    # Statements -----------------------------------------------------------------------------------------------------

    def suite(self, statements: list[ast.stmt]) -> None:
        """Visit the statements of one block; what follows an early exit goes into a block with the negated test."""
        scope = self.scope
        before = scope.block
        for node in statements:
            handler = _SIMPLE.get(node.__class__)
            if handler is not None:
                first = len(scope.ops)
                handler(self, node)
                end = len(scope.ops)
                if end > first:
                    scope.statements.append(
                        Stmt(
                            first,
                            end,
                            scope.block,
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

    def _expression(self, node: Any) -> None:
        if node.value.__class__ is not ast.Constant:
            self.expr(node.value, _DISCARDED)

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
        value = self.expr(node.value, _ASSIGNED)
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
        value = self.expr(node.value, _OPERAND)
        if node.target.__class__ is ast.Name:
            self.root(node.target.id)
            if self.scope.kind == "module" and node.target.id == "__all__":
                self._exported(node.value, replace=False)
        self._assign(node.target, value, f"{_OPERATORS[node.op.__class__]}=", node)

    def _annotated(self, node: Any) -> None:
        annotation = self.annotation(node.annotation)
        value = self.expr(node.value, _ASSIGNED) if node.value is not None else None
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
        value = self.expr(node.value, _RETURNED) if node.value is not None else _NONE
        self._leave("return", value, node)

    def _raise(self, node: Any) -> None:
        value = self.expr(node.exc, _RAISED) if node.exc is not None else None
        if node.cause is not None:
            self.expr(node.cause)
        self._leave("raise", value, node)

    def _jump(self, node: Any) -> None:
        self._leave(node.__class__.__name__.lower(), None, node)

    def _leave(self, how: str, value: Expr, node: Any) -> None:
        scope = self.scope
        scope.ops.append(Leave(how, value, scope.block, node.lineno, node.col_offset))

    def _delete(self, node: Any) -> None:
        for target in node.targets:
            if target.__class__ is ast.Name:
                continue
            self._assign(target, None, "del", node)

    def _assert(self, node: Any) -> None:
        self.expr(node.test, _TESTED)
        if node.msg is not None:
            self.expr(node.msg)

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

    def _if(self, node: Any) -> None:
        scope = self.scope
        resume = -1
        while True:
            test = self.expr(node.test, _TESTED)
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
        source = self.expr(node.iter, _ITERATED)
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
        test = self.expr(node.test, _TESTED)
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
            manager = self.expr(item.context_expr, _ENTERED)
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
                self._enter("if", self.expr(case.guard, _TESTED), first)
            self.suite(case.body)
            scope.block = before

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
            self.expr(node, _CALLED)
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
            value = self.expr(body, _RETURNED)
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

    def _type_alias(self, node: Any) -> None:
        self._assign(node.name, self.annotation(node.value), "", node)


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
_COMPREHENSIONS: dict[type[ast.AST], str] = {ast.ListComp: "list", ast.SetComp: "set", ast.GeneratorExp: "generator"}

_EXPRESSIONS: dict[type[ast.AST], Callable[[Visitor, Any, int], Expr]] = {
    ast.Name: Visitor._name,
    ast.Constant: Visitor._constant,
    ast.Attribute: Visitor._attribute,
    ast.Call: Visitor._call,
    ast.Await: Visitor._await,
    ast.Subscript: Visitor._subscript,
    ast.List: Visitor._sequence,
    ast.Tuple: Visitor._sequence,
    ast.Set: Visitor._sequence,
    ast.Dict: Visitor._dict,
    ast.UnaryOp: Visitor._not,
    ast.BoolOp: Visitor._boolean,
    ast.IfExp: Visitor._conditional,
    ast.Compare: Visitor._compare,
    ast.BinOp: Visitor._binary,
    ast.JoinedStr: Visitor._joined,
    ast.FormattedValue: Visitor._formatted,
    ast.Starred: Visitor._starred,
    ast.NamedExpr: Visitor._walrus,
    ast.Lambda: Visitor._lambda,
    ast.Yield: Visitor._yield,
    ast.YieldFrom: Visitor._yield,
    ast.Slice: Visitor._slice,
    ast.ListComp: Visitor._comprehension,
    ast.SetComp: Visitor._comprehension,
    ast.GeneratorExp: Visitor._comprehension,
    ast.DictComp: Visitor._comprehension,
}
for _later, _method in (("TemplateStr", Visitor._joined), ("Interpolation", Visitor._formatted)):
    if hasattr(ast, _later):
        _EXPRESSIONS[getattr(ast, _later)] = _method

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
