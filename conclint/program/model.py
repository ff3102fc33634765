"""The nodes of a program: modules, classes and functions, with bodies that are decoded when first asked for.

Everything here is a view of facts. A node exists once for a program and is compared by identity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

from conclint.facts import (
    Assign,
    Attr,
    Await,
    Binding,
    Block,
    Body,
    Call,
    Class,
    Define,
    Expr,
    Facts,
    Function,
    Gather,
    Item,
    Load,
    Mix,
    Op,
    Seq,
    Stmt,
    Test,
    Unusable,
    decode_body,
)
from conclint.finding import Place, Span

_EMPTY = Body((), (Block(-1, "body", None, None, "", -1, 0, 0, 0, 0),), (), frozenset())
LOOPS = frozenset(("for", "async-for", "while", "comp", "async-comp"))


class Module:
    """One file of the program.

    `name` is the dotted name that its package structure gives it, `path` is as findings show it.
    `reported` is False for files that were read only because others import them. `number` is its place among the
    modules of the program, `bit` that place as a set.
    """

    def __init__(
        self,
        path: str,
        name: str,
        facts: Facts | Callable[[], Facts],
        *,
        is_package: bool,
        reported: bool = True,
        number: int = 0,
    ) -> None:
        self.path = path
        self.number = number
        self.bit = 1 << number
        self.name = name
        self.is_package = is_package
        self.reported = reported
        self._facts = facts

    def __repr__(self) -> str:
        return f"Module({self.name})"

    @cached_property
    def facts(self) -> Facts:
        """What is known of the file, read when it is first asked for."""
        return self._facts if isinstance(self._facts, Facts) else self._facts()

    @cached_property
    def functions(self) -> list[Func]:
        """Its functions, the module's own statements first."""
        return [Func(self, index, fact) for index, fact in enumerate(self.facts.functions)]

    @cached_property
    def classes(self) -> list[ClassNode]:
        """Its classes."""
        return [ClassNode(self, index, fact) for index, fact in enumerate(self.facts.classes)]

    @cached_property
    def users(self) -> dict[str, list[Func]]:
        """The functions in which something of a name is called, read or handed on, by that name."""
        found: dict[str, list[Func]] = {}
        for func in self.functions:
            for name in func.fact.names:
                users = found.get(name)
                if users is None:
                    found[name] = [func]
                else:
                    users.append(func)
        return found

    @cached_property
    def bindings(self) -> dict[str, list[Binding]]:
        """The ways in which each global gets its value."""
        found: dict[str, list[Binding]] = {}
        for binding in self.facts.bindings:
            found.setdefault(binding.name, []).append(binding)
        return found

    @cached_property
    def nonlocals(self) -> dict[str, list[tuple[Func, int, Assign]]]:
        """What nested functions give to the locals of those around them, by the local as `&7:name`."""
        found: dict[str, list[tuple[Func, int, Assign]]] = {}
        for func in self.functions:
            if func.fact.owner > 0:
                for index, op in enumerate(func.ops):
                    if isinstance(op, Assign) and isinstance(op.target, str) and op.target[0] == "&":
                        found.setdefault(op.target, []).append((func, index, op))
        return found

    @property
    def package(self) -> str:
        """The package that relative imports of this module start from."""
        return self.name if self.is_package else self.name.rpartition(".")[0]

    def absolute(self, relative: str) -> str:
        """`@2:a.b` as an absolute dotted name."""
        dots, _, path = relative[1:].partition(":")
        base = self.package
        for _ in range(int(dots) - 1):
            base = base.rpartition(".")[0]
        return f"{base}.{path}".strip(".")


class ClassNode:
    """A class of the program."""

    def __init__(self, module: Module, index: int, fact: Class) -> None:
        self.module = module
        self.index = index
        self.fact = fact
        self.name = fact.name

    def __repr__(self) -> str:
        return f"ClassNode({self.dotted})"

    @property
    def ref(self) -> int:
        """Its number among the classes of the program, as rows of tables hold it."""
        return self.module.number << 20 | self.index

    @property
    def dotted(self) -> str:
        return f"{self.module.name}.{self.fact.qualname}"

    @cached_property
    def methods(self) -> dict[str, Func]:
        """Its own methods; of several definitions of a name the last, of a property the getter."""
        found: dict[str, Func] = {}
        for name, index in self.fact.methods:
            func = self.module.functions[index]
            if not any(one.rpartition(".")[2] in ("setter", "deleter") for one in func.decorator_names):
                found[name] = func
        return found

    @property
    def place(self) -> Place:
        fact = self.fact
        return Place(self.module.path, Span(fact.row, fact.column, fact.end_row, fact.end_column))


class Func:
    """A function, method or lambda of the program, or the statements of a module (`<module>`) or class (`<class>`)."""

    def __init__(self, module: Module, index: int, fact: Function) -> None:
        self.module = module
        self.index = index
        self.fact = fact
        self.name = fact.name
        self.is_async = fact.is_async
        self.asking: dict[int, bool] = {}
        """For blocks that were asked about: whether they are reached only after asking for an event loop."""

    def __repr__(self) -> str:
        return f"Func({self.dotted})"

    @property
    def ref(self) -> int:
        """Its number among the functions of the program, as rows of tables hold it."""
        return self.module.number << 20 | self.index

    @property
    def dotted(self) -> str:
        return f"{self.module.name}.{self.fact.qualname}"

    @property
    def qualname(self) -> str:
        return self.fact.qualname

    @cached_property
    def body(self) -> Body:
        """What it does. Facts that were damaged in the cache after they were checked count as an empty body."""
        try:
            return decode_body(self.fact)
        except Unusable:
            return _EMPTY

    @property
    def ops(self) -> tuple[Op, ...]:
        return self.body.ops

    @property
    def cls(self) -> ClassNode | None:
        """The class whose member it is."""
        return self.module.classes[self.fact.in_class] if self.fact.in_class >= 0 else None

    @property
    def owner(self) -> Func | None:
        """The function (module or class body included) that it is defined in."""
        return self.module.functions[self.fact.owner] if self.fact.owner >= 0 else None

    def is_nested_in(self, home: object) -> bool:
        """Whether it is defined inside another function, however deep."""
        around = self.owner
        while around is not None:
            if around is home:
                return True
            around = around.owner
        return False

    @property
    def is_method(self) -> bool:
        """Whether it takes the instance or class as its first argument."""
        return self.fact.in_class >= 0 and self.name not in ("<class>", "<lambda>") and not self.is_static

    @cached_property
    def decorator_names(self) -> tuple[str, ...]:
        """Its decorators as written and locally resolved, without arguments."""
        return tuple(item.func for item in self.fact.decorators if isinstance(item.func, str))

    @property
    def is_static(self) -> bool:
        return "builtins.staticmethod" in self.decorator_names

    @property
    def is_classmethod(self) -> bool:
        return "builtins.classmethod" in self.decorator_names

    @cached_property
    def is_property(self) -> bool:
        names = self.decorator_names
        return bool(names) and any(
            name == "builtins.property" or name.rpartition(".")[2] in ("cached_property", "property") for name in names
        )

    @property
    def self_name(self) -> str:
        """The name of the first parameter of a method, "" for anything else."""
        return self.fact.params[0].name if self.is_method and self.fact.params else ""

    @property
    def place(self) -> Place:
        """The first line of its definition."""
        fact = self.fact
        width = fact.column + (len("async def ") if fact.is_async else len("def ")) + len(fact.name)
        return Place(self.module.path, Span(fact.row, fact.column, fact.row, width))

    @cached_property
    def calls(self) -> tuple[tuple[int, Call], ...]:
        """Its calls with their numbers, in the order of evaluation."""
        return tuple((index, op) for index, op in enumerate(self.body.ops) if isinstance(op, Call))

    @cached_property
    def calls_by_name(self) -> dict[str, list[int]]:
        """The calls by the last name of their callee; "()" for those whose callee is itself a call or subscript."""
        found: dict[str, list[int]] = {}
        for index, call in self.calls:
            found.setdefault(last_name(call.func), []).append(index)
        return found

    @cached_property
    def _aliased(self) -> dict[str, list[int]]:
        """Calls of a local name, by the last names of the things that the local was given: `get = session.get`."""
        found: dict[str, list[int]] = {}
        for name, assignments in self.assignments.items():
            calls = self.calls_by_name.get(name)
            if not calls:
                continue
            for _, op in assignments:
                value = op.value
                if isinstance(value, int):
                    made = self.body.ops[value]
                    value = made.args[0] if isinstance(made, Call) and made.args and _binds(made.func) else None
                if isinstance(value, str | Attr):
                    found.setdefault(last_name(value), []).extend(calls)
        return found

    def calls_of(self, name: str) -> list[int]:
        """The calls that may run something of that last name: by the name itself, or by a local that was given it."""
        found = self.calls_by_name.get(name)
        aliased = self._aliased.get(name)
        if aliased:
            return sorted({*(found or ()), *aliased})
        return found or []

    @cached_property
    def given(self) -> dict[str, list[int]]:
        """The calls that are given something, by the last name of what they are given."""
        found: dict[str, list[int]] = {}
        for index, call in self.calls:
            for value in call.args:
                if value.__class__ is str:
                    found.setdefault(last_name(value), []).append(index)
            for _, value in call.keywords:
                if value.__class__ is str:
                    found.setdefault(last_name(value), []).append(index)
        return found

    @cached_property
    def assignments(self) -> dict[str, list[tuple[int, Assign]]]:
        """The bindings of each local name, with the numbers of their operations."""
        found: dict[str, list[tuple[int, Assign]]] = {}
        for index, op in enumerate(self.body.ops):
            if isinstance(op, Assign) and isinstance(op.target, str) and op.target[0] == "$" and "." not in op.target:
                found.setdefault(op.target[1:], []).append((index, op))
        return found

    def is_bound_once(self, name: str) -> bool:
        """Whether a local has one binding in all: as a parameter, or by one assignment."""
        bound = len(self.assignments.get(name, ()))
        return bound == 0 or (bound == 1 and name not in self._parameters)

    @cached_property
    def _parameters(self) -> frozenset[str]:
        return frozenset([param.name for param in self.fact.params])

    @cached_property
    def type_tested(self) -> frozenset[str]:
        """The names that an `isinstance` in it asks about."""
        tests = [self.body.ops[index] for index in self.calls_by_name.get("isinstance", ())]
        return frozenset(
            test.args[0] for test in tests if isinstance(test, Call) and test.args and isinstance(test.args[0], str)
        )

    @cached_property
    def consumers(self) -> dict[int, int]:
        """Which operation takes the result of which: for an awaited call its await, for an argument the call."""
        found: dict[int, int] = {}
        for index, op in enumerate(self.body.ops):
            for used in _used(op):
                found.setdefault(used, index)
        return found

    def span(self, index: int) -> Span:
        """Where an operation stands."""
        op = self.body.ops[index]
        if isinstance(op, Call | Await | Assign | Load | Gather):
            return Span(op.row, op.column, op.end_row, op.end_column)
        return Span(op.row, getattr(op, "column", 0), op.row, getattr(op, "column", 0))

    def at(self, index: int) -> Place:
        """Where an operation stands, with the file."""
        return Place(self.module.path, self.span(index))

    def block_path(self, block: int) -> Iterator[tuple[int, Block]]:
        """The block and those around it, innermost first, without the function itself."""
        blocks = self.body.blocks
        while block > 0:
            found = blocks[block]
            yield block, found
            block = found.parent

    def statement(self, index: int) -> Stmt | None:
        """The simple statement that an operation is part of."""
        for statement in self._statements_of(index):
            return statement
        return None

    def _statements_of(self, index: int) -> Iterator[Stmt]:
        for statement in self.body.statements:
            if statement.first <= index < statement.end:
                yield statement

    def encloses(self, outer: int, inner: int) -> bool:
        """Whether block `outer` is `inner` or lies around it."""
        blocks = self.body.blocks
        while inner >= 0:
            if inner == outer:
                return True
            inner = blocks[inner].parent
        return False

    def loop_around(self, block: int) -> int:
        """The innermost loop around a block, or -1."""
        for number, found in self.block_path(block):
            if found.kind in LOOPS:
                return number
        return -1


def _binds(callee: Expr) -> bool:
    return isinstance(callee, str) and callee.rpartition(".")[2] == "partial"


def last_name(callee: Expr) -> str:
    """The last name of a callee, as the index of names writes it."""
    if isinstance(callee, str):
        name = callee.rpartition(".")[2]
        if name is callee or name == callee:
            name = name.rpartition(":")[2].lstrip("$:?&@")
        return name.partition("~")[0]
    return callee.name if isinstance(callee, Attr) else "()"


def operands(value: Expr) -> Iterator[int]:
    """The numbers of the operations whose results stand in an expression."""
    kind = value.__class__
    if kind is int:
        yield value  # type: ignore[misc]  # by the kind
    elif isinstance(value, Test | Mix | Seq):
        for item in value.items:
            if item.__class__ is not str:
                yield from operands(item)
    elif isinstance(value, Attr | Item):
        yield from operands(value.base)
        if isinstance(value, Item):
            yield from operands(value.index)


def chains(value: Expr) -> Iterator[str]:
    """The names and chains that stand in an expression."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Test | Mix | Seq):
        for item in value.items:
            yield from chains(item)
    elif isinstance(value, Attr | Item):
        yield from chains(value.base)
        if isinstance(value, Item):
            yield from chains(value.index)


def parts(op: Op) -> Iterator[Expr]:
    """The expressions that an operation takes."""
    if isinstance(op, Call):
        yield op.func
        yield from op.args
        for _, value in op.keywords:
            yield value
    elif isinstance(op, Gather):
        yield op.element
    elif not isinstance(op, Define):
        yield op.value


def _used(op: Op) -> Iterator[int]:
    for part in parts(op):
        kind = part.__class__
        if kind is int:
            yield part  # type: ignore[misc]  # by the kind
        elif kind is not str and part is not None:
            yield from operands(part)


def argument_of(call: Call, which: str) -> Expr:
    """The argument that `"1:target"`, `"1"` or `"target"` names, or None."""
    position, colon, name = which.partition(":")
    if not colon and not position.isdigit():
        position, name = "", position
    for word, value in call.keywords:
        if name and word == name:
            return value
    if position.isdigit() and int(position) < len(call.args):
        before = call.args[: int(position) + 1]
        if not any(isinstance(item, Mix) and item.kind == "star" for item in before):
            return call.args[int(position)]
    return None
