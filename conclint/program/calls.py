"""The call graph, by demand: what a call may run, and who may run a function.

Callers are found by name: only calls that are written with the name of the function (or of something that holds it) are
looked at, and of these each is resolved from its own side. So an edge means that both ends agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from conclint.facts import Assign, Call, Expr, Fn, Leave, Load, Op, Use
from conclint.finding import Confidence, Place, Span
from conclint.program.decorators import runs_inline
from conclint.program.guards import arguments
from conclint.program.model import ClassNode, Func, Module, argument_of
from conclint.program.modules import STDLIB
from conclint.program.reads import Remembered
from conclint.program.renamed import CONSTRUCTORS
from conclint.program.table import Key, Table
from conclint.program.values import (
    ClassValue,
    Coroutine,
    External,
    Function,
    Instance,
    Method,
    Partial,
    Value,
    Values,
)

if TYPE_CHECKING:
    from conclint.program.program import Program

_ITERATORS = frozenset(
    ("list", "tuple", "set", "sorted", "sum", "min", "max", "any", "all", "next", "dict", "frozenset")
)


@dataclass(frozen=True, slots=True)
class Target:
    """A function of the program that a call may run."""

    func: Func
    receiver: Value | None
    confidence: Confidence
    bound: bool
    """Whether the receiver is passed as its first argument."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A place where one function runs another: a call, a `with`, a loop or the reading of a property.

    `at` is the number of the operation, or -1 where it is a statement's own doing.
    """

    caller: Func
    callee: Func
    at: int
    block: int
    place: Place
    label: str
    confidence: Confidence
    call: Call | None
    bound: bool


class Calls:
    """Resolves calls from both ends; remembers what it found."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._targets: Remembered[tuple[Func, int], tuple[Target, ...]] = Remembered(program.reads)
        self._callers: Remembered[Func, tuple[Edge, ...]] = Remembered(program.reads)
        self._named = Table(program, "calls", by_name=self._naming)
        self._given = Table(program, "given", by_name=self._giving)
        self._reading = Table(program, "readers", by_name=self._reads_of)

    # Downward ---------------------------------------------------------------------------------------------------------

    def targets(self, func: Func, index: int) -> tuple[Target, ...]:
        """The functions of the program that a call runs before it returns.

        Calling an `async def` or a generator runs nothing of it; those are targets all the same, and whoever follows
        effects asks `runs_body` first.
        """
        return self._targets.get((func, index), lambda: self._resolve(func, index))

    def _resolve(self, func: Func, index: int) -> tuple[Target, ...]:
        op = func.ops[index]
        if not isinstance(op, Call):
            return ()
        values = self.program.evaluator.of(op.func, func, index)
        found: list[Target] = []
        confidence = Confidence.CERTAIN if len(values) == 1 else Confidence.POSSIBLE
        for value in values:
            found.extend(self._runs(value, confidence))
        if op.use == Use.AWAITED:
            # What is awaited is awaitable: a plain function that gives something else is not what runs here.
            found = [target for target in found if target.func.is_async or self.gives_awaitable(target.func)]
        return tuple(found)

    def _runs(self, value: Value, confidence: Confidence) -> Iterator[Target]:
        if isinstance(value, Function):
            yield from self._method(value, confidence)
        elif isinstance(value, ClassValue):
            instance = Instance(value.cls)
            for name in sorted(CONSTRUCTORS):
                for found in self.program.evaluator.member(value.cls, name, instance):
                    if isinstance(found, Function):
                        yield Target(found.func, instance, confidence, True)
        elif isinstance(value, Instance) and isinstance(value.type, ClassNode):
            for found in self.program.evaluator.member(value.type, "__call__", value):
                yield from self._runs(found, confidence)
        elif isinstance(value, Partial):
            yield from self._runs(value.target, confidence)

    def _method(self, value: Function, confidence: Confidence) -> Iterator[Target]:
        receiver = value.receiver
        overrides: list[Func] = []
        if isinstance(receiver, Instance) and isinstance(receiver.type, ClassNode) and receiver.site is None:
            overrides.extend(self._overrides(value.func, receiver.type))
        yield Target(value.func, receiver, confidence, receiver is not None)
        # Which of several overrides runs, the receiver decides, and the receiver is not known.
        only = len(overrides) == 1 and is_abstract(value.func)
        for override in overrides:
            yield Target(override, receiver, min(confidence, Confidence.LIKELY if only else Confidence.POSSIBLE), True)

    def _overrides(self, func: Func, cls: ClassNode) -> Iterator[Func]:
        """What runs in place of a method where the receiver is of a class below `cls`."""
        if func.cls is not None:
            for one in self.program.heirs.overriding(func.cls, func.name):
                if one is not cls and cls in self.program.evaluator.mro(one) and one.methods[func.name] is not func:
                    yield one.methods[func.name]

    def library(self, func: Func, index: int) -> tuple[External | Method, ...]:
        """The library functions and methods that a call may run."""
        op = func.ops[index]
        if not isinstance(op, Call):
            return ()
        if isinstance(op.func, str) and op.func[0] not in "$&:?@":
            values: Values = self.program.evaluator.dotted(op.func, func.module)
        else:
            values = self.program.evaluator.of(op.func, func, index)
        found: list[External | Method] = []
        for value in values:
            while isinstance(value, Partial):
                value = value.target
            if isinstance(value, External | Method):
                found.append(value)
            elif isinstance(value, Function) and value.func.dotted in self.program.knowledge.rows:
                # A function of the program that the user's configuration speaks of, not one that only is called so.
                if value.func.dotted.partition(".")[0] not in STDLIB:
                    found.append(External(value.func.dotted))
        return tuple(found)

    def gives_awaitable(self, func: Func) -> bool:
        """Whether a plain function is known to return something to await."""
        if func.is_async:
            return True
        return any(
            isinstance(value, Coroutine)
            or (
                isinstance(value, Instance)
                and isinstance(value.type, str)
                and value.type in ("asyncio.Future", "asyncio.Task", "ray.ObjectRef")
            )
            for value in self.program.evaluator.returns(func)
        )

    def runs_body(self, target: Func, use: int) -> bool:
        """Whether calling a function runs its body on the spot: not of a coroutine, of a generator only if iterated."""
        if target.is_async:
            return False
        if target.fact.is_generator:
            if use == Use.ITERATED:
                return True
            return use == Use.ENTERED and any(
                name.rpartition(".")[2] == "contextmanager" for name in target.decorator_names
            )
        return True

    # Upward -----------------------------------------------------------------------------------------------------------

    def callers(self, func: Func) -> tuple[Edge, ...]:
        """The places that run the body of a function, as far as both ends can be resolved."""
        return self._callers.get(func, lambda: self._calling(func), ())

    def _calling(self, func: Func) -> tuple[Edge, ...]:
        sure = runs_inline(self.program, func)
        edges = sorted(self._find(func), key=lambda edge: (edge.place, edge.label)) if sure is not None else []
        if sure is not None and sure < Confidence.CERTAIN:
            edges = [replace(edge, confidence=min(edge.confidence, sure)) for edge in edges]
        return tuple(edges)

    def _find(self, func: Func) -> Iterator[Edge]:
        if func.name in ("<module>", "<class>"):
            return
        if func.is_property:
            yield from self._readers(func)
            return
        if func.name in ("__enter__", "__exit__"):
            yield from self._statements(func, "with")
        elif func.name in ("__iter__", "__next__"):
            yield from self._statements(func, "for")
        names = self.program.renamed.of(func)
        owner = func.owner
        if owner is not None and owner.name not in ("<module>", "<class>"):
            for user in owner.module.functions:
                if user is owner or user.is_nested_in(owner):
                    yield from self._calls_in(user, func, names)
            if func.name == "<lambda>":
                yield from self._given_lambda(owner, func)
            yield from self._as_wrapper(func, owner)
            return
        sites = {
            (self.program.function(number, user), int(index))
            for name in names
            for number, user, index in self._named.rows(func.ref, name)
        }
        for user, at in sorted(sites, key=lambda site: site[0].at(site[1])):
            yield from self._edges(user, at, func)
        if not func.is_async and not func.fact.is_generator:
            for name in sorted(names):
                for number, holder, index in self._given.rows(func.ref, name):
                    yield from self._run_by(self.program.function(number, holder), func, int(index))

    def _naming(self, module: Module, name: str) -> Iterator[tuple[Key, tuple[int, int]]]:
        """The calls in a module that are written with a name, by the functions that they may run.

        Common names have thousands of calls and hundreds of functions: each call is looked at once for all of them.
        """
        for user in module.users.get(name, ()):
            for index in user.calls_of(name):
                for target in self.targets(user, index):
                    yield target.func.ref, (user.index, index)

    def _giving(self, module: Module, name: str) -> Iterator[tuple[Key, tuple[int, int]]]:
        """The calls in a module that are given something of that name, by the functions that they run at once."""
        for user in module.users.get(name, ()):
            for index in user.given.get(name, ()):
                for value in dict.fromkeys(value.func for value in self._ran(user, index)):
                    yield value.ref, (user.index, index)

    def _calls_in(self, user: Func, func: Func, names: set[str]) -> Iterator[Edge]:
        for index in sorted({index for name in names for index in user.calls_of(name)}):
            yield from self._edges(user, index, func)
        if not func.is_async and not func.fact.is_generator:
            for name in sorted(names):
                yield from self._handed_on(user, func, name)

    def _handed_on(self, user: Func, func: Func, name: str) -> Iterator[Edge]:
        """Calls that are given the function under this name and run it at once."""
        for index in user.given.get(name, ()):
            yield from self._run_by(user, func, index)

    def _run_by(self, user: Func, func: Func, index: int) -> Iterator[Edge]:
        """The call of that number, where what it calls runs the function that it is given before it returns.

        That is `map`, `sorted(key=…)`, `Context.run`, and functions of the program that call their parameter.
        """
        call = user.ops[index]
        assert isinstance(call, Call)
        for value in self._ran(user, index):
            if value.func is func:
                label, bound = spell(call.func, user), value.receiver is not None
                place = user.at(index)
                yield Edge(user, func, index, call.block, place, label, Confidence.LIKELY, None, bound)

    def _ran(self, user: Func, index: int) -> Iterator[Function]:
        """The functions of the program that a call is given and runs before it returns."""
        call = user.ops[index]
        assert isinstance(call, Call)
        given = [value for target in self.targets(user, index) for value in _called_parameters(target, call)]
        for taker in self.library(user, index):
            row = self.program.knowledge.row(taker.dotted)
            if row is not None and row.runs == "here" and row.callable:
                given.append(argument_of(call, row.callable))
        for expression in given:
            for value in self.program.evaluator.of(expression, user, index):
                if isinstance(value, Function):
                    yield value

    def _given_lambda(self, owner: Func, func: Func) -> Iterator[Edge]:
        for index, call in owner.calls:
            given = (*call.args, *(value for _, value in call.keywords))
            if any(isinstance(value, Fn) and value.index == func.index for value in given):
                yield from self._run_by(owner, func, index)

    def _as_wrapper(self, func: Func, owner: Func) -> Iterator[Edge]:
        """Calls of the functions whose decorator, a function of the program, puts this one in their place."""
        for maker in (owner, owner.owner):
            if maker is None or maker.name in ("<module>", "<class>"):
                continue
            for one in self.program.decorated_with(maker):
                if self._replaces(func, maker, one):
                    for edge in self.callers(one):
                        sure = min(edge.confidence, Confidence.LIKELY)
                        yield replace(edge, callee=func, call=None, bound=False, confidence=sure)

    def _replaces(self, func: Func, maker: Func, one: Func) -> bool:
        """Whether `maker`, used as a decorator of `one`, gives `func`."""
        evaluator = self.program.evaluator
        for decorator in one.fact.decorators:
            if isinstance(decorator.func, str) and one.owner is not None:
                made = evaluator.chain(decorator.func, one.owner, -1)
                if made == (Function(maker),):
                    given = evaluator.returns(maker)
                    if decorator.called:
                        given = tuple(
                            value
                            for each in given
                            if isinstance(each, Function)
                            for value in evaluator.returns(each.func)
                        )
                    if any(isinstance(value, Function) and value.func is func for value in given):
                        return True
        return False

    def _edges(self, user: Func, index: int, func: Func) -> Iterator[Edge]:
        op = user.ops[index]
        assert isinstance(op, Call)
        for target in self.targets(user, index):
            if target.func is not func:
                continue
            if func.fact.is_generator and op.use == Use.ASSIGNED:
                for edge in self._read_later(user, index, func):
                    yield replace(edge, confidence=target.confidence, call=op, bound=target.bound)
            if self.runs_body(func, self._final_use(user, index)):
                yield Edge(
                    user,
                    func,
                    index,
                    op.block,
                    user.at(index),
                    spell(op.func, user),
                    target.confidence,
                    op,
                    target.bound,
                )
                return

    def _final_use(self, user: Func, index: int) -> int:
        """How the result is used, looking through `list(…)` and its like, which iterate."""
        op = user.ops[index]
        assert isinstance(op, Call)
        if op.use == Use.ARGUMENT:
            consumer = user.consumers.get(index)
            taker = user.ops[consumer] if consumer is not None else None
            if isinstance(taker, Call) and isinstance(taker.func, str) and taker.func.startswith("builtins."):
                if taker.func.removeprefix("builtins.") in _ITERATORS:
                    return Use.ITERATED
        if op.use == Use.YIELDED:
            return Use.ITERATED
        return op.use

    def _statements(self, func: Func, word: str) -> Iterator[Edge]:
        """The `with` or `for` statements over an instance whose `__enter__`, `__next__`, … this method is."""
        cls = func.cls
        if cls is None:
            return
        evaluator = self.program.evaluator
        for one in (cls, *self.program.below(cls)):
            headers = self.program.headers.over(one, word)
            if headers and any(
                isinstance(method, Function) and method.func is func
                for method in evaluator.member(one, func.name, Instance(one))
            ):
                for user, number in headers:
                    yield self._statement_edge(user, func, number, word)

    def _read_later(self, user: Func, index: int, func: Func) -> Iterator[Edge]:
        """The statements over a local that was given a generator."""
        chains = {
            op.target for op in user.ops if isinstance(op, Assign) and op.value == index and isinstance(op.target, str)
        }
        for number, block in enumerate(user.body.blocks):
            if isinstance(block.value, str) and block.value in chains:
                use = {"for": Use.ITERATED, "comp": Use.ITERATED, "with": Use.ENTERED}.get(block.kind)
                if use is not None and self.runs_body(func, use):
                    yield self._statement_edge(user, func, number, "with" if block.kind == "with" else "for")

    def _statement_edge(self, user: Func, func: Func, number: int, word: str) -> Edge:
        block = user.body.blocks[number]
        place = Place(user.module.path, Span(block.row, block.column, block.end_row, block.end_column))
        label = f"{word} {spell(block.value, user)}"
        return Edge(user, func, -1, block.parent, place, label, Confidence.CERTAIN, None, True)

    def _readers(self, func: Func) -> Iterator[Edge]:
        """Where a property is read."""
        for number, index, at, sure in self._reading.rows(func.ref, func.name):
            user = self.program.function(number, index)
            op, place = user.ops[int(at)], user.at(int(at))
            label = spell(_chain(op), user)
            yield Edge(user, func, int(at), op.block, place, label, Confidence(int(sure)), None, True)

    def _reads_of(self, module: Module, name: str) -> Iterator[tuple[Key, tuple[int, int, int]]]:
        """Where a module reads an attribute of that name, by the properties that it may be."""
        part = f".{name}"
        for user in module.users.get(name, ()):
            for index, op in enumerate(user.ops):
                chain = _chain(op)
                if not isinstance(chain, str) or part not in chain:
                    continue
                head, _, rest = chain.partition(part)
                if rest and rest[0] != ".":
                    continue
                values = self.program.evaluator.of(head, user, index)
                sure = Confidence.CERTAIN if len(values) == 1 else Confidence.POSSIBLE
                found = [self._property(cls, name) for cls in self.program.evaluator.classes_of(values)]
                for one in dict.fromkeys(found):
                    if one is not None:
                        yield one.ref, (user.index, index, int(sure))

    def _property(self, cls: ClassNode, name: str) -> Func | None:
        for base in self.program.evaluator.mro(cls):
            if isinstance(base, ClassNode) and name in base.methods:
                return base.methods[name]
        return None


def _chain(op: Op) -> Expr:
    return op.value if isinstance(op, Load) else op.func if isinstance(op, Call) else None


def _called_parameters(target: Target, call: Call) -> Iterator[Expr]:
    """What a call passes to those parameters of a plain function that the function itself calls."""
    taker = target.func
    if taker.is_async or taker.fact.is_generator or target.confidence < Confidence.LIKELY:
        return
    for name, value in arguments(taker, call, target.bound).items():
        if name not in taker.assignments and any(one.func == f"${name}" for _, one in taker.calls):
            yield value


def is_abstract(func: Func) -> bool:
    """Whether a method is there to be overridden: declared so, or nothing in it but `raise NotImplementedError`."""
    if any(name.rpartition(".")[2] == "abstractmethod" for name in func.decorator_names):
        return True
    return bool(func.ops) and all(
        (isinstance(op, Leave) and op.how == "raise")
        or (isinstance(op, Call) and op.func == "builtins.NotImplementedError")
        for op in func.ops
    )


def first_op(func: Func, block: int) -> int:
    """The number of the first operation in a block or below it, or the end."""
    for index, op in enumerate(func.ops):
        if func.encloses(block, op.block):
            return index
    return len(func.ops)


def spell(expr: object, func: Func) -> str:
    """An expression as a reader would name it, without its arguments."""
    if isinstance(expr, str):
        if expr[0] == "$" or expr[0] == ":" or expr[0] == "?":
            text = expr[1:]
        elif expr[0] == "&":
            text = expr.partition(":")[2]
        elif expr[0] == "@":
            text = ".".join(expr.rpartition(":")[2].split(".")[-2:])
        else:
            text = ".".join(expr.removeprefix("builtins.").split(".")[-2:])
        return ".".join(part.partition("~")[0] for part in text.split("."))
    if isinstance(expr, int):
        op = func.ops[expr]
        if isinstance(op, Call):
            return f"{spell(op.func, func)}()"
        if isinstance(op, Assign | Load):
            return spell(op.value, func)
        return "…"
    base = getattr(expr, "base", None)
    name = getattr(expr, "name", None)
    if name is not None:
        return f"{spell(base, func)}.{name}"
    if base is not None:
        return f"{spell(base, func)}[…]"
    return "…"
