"""What colour a call has: whether calling something gives a coroutine, for certain.

A definition's `async` is only the beginning: decorators may keep it, change it or hide it, a subclass may override
the method in another colour, a name may be bound twice. Decorators of the program are judged by what they return
(`functools.wraps` copies a name and proves nothing), those of libraries by the tables. What is not understood stays
unknown.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from conclint.facts import Call, Const, Decorator, Expr, Fn, Leave, Test
from conclint.program.guards import conditions
from conclint.program.model import ClassNode, Func, last_name
from conclint.program.reads import NOTHING, Rest
from conclint.program.settled import Settled
from conclint.program.values import ClassValue, External, Function, Instance, Method, Partial, Value

if TYPE_CHECKING:
    from conclint.program.program import Program


class Colour(enum.Enum):
    """What calling something gives: a coroutine, something else, or nobody knows."""

    COROUTINE = "a coroutine"
    OTHER = "no coroutine"
    UNKNOWN = "unknown"


_STEPS = 12
_KEEPERS = frozenset(
    (
        "abc",
        "aiohttp",
        "async_lru",
        "builtins",
        "fastapi",
        "functools",
        "quart",
        "starlette",
        "tenacity",
        "typing",
        "typing_extensions",
        "unittest",
        "warnings",
    )
)
_CHANGERS = frozenset(("builtins.property", "functools.lru_cache", "functools.cache", "functools.cached_property"))
# Their methods start the work when they are called: what they return need not be awaited for it to happen.
_EAGER = frozenset(("motor", "tornado", "xoscar", "ray", "grpc"))
_ASKS = frozenset(("iscoroutinefunction", "is_coroutine_function", "is_async_callable", "is_coroutine_callable"))


class Colours:
    """Answers for the calls and functions of one program; remembers what it found."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.settled = Settled(program)
        self._functions: dict[Func, tuple[Colour, Rest]] = {}
        self._steps = 0
        self._cut = False

    def of_call(self, func: Func, index: int) -> Colour:
        """The colour of call number `index` of a function."""
        op = func.ops[index]
        return self.of_values(self.settled.callee(func, index)) if isinstance(op, Call) else Colour.UNKNOWN

    def of_values(self, values: Iterable[Value]) -> Colour:
        """The colour of calling one of these candidates: the one that they share."""
        return _shared(self._calling(value) for value in values)

    def _calling(self, value: Value) -> Colour:
        if isinstance(value, Function):
            return self.of_function(value.func)
        if isinstance(value, Partial):
            return self._calling(value.target)
        if isinstance(value, External | Method):
            return self._library(value)
        if isinstance(value, ClassValue):
            return Colour.OTHER
        if isinstance(value, Instance) and isinstance(value.type, ClassNode):
            return self.of_values(self.settled.member(value.type, "__call__", value))
        return Colour.UNKNOWN

    def _library(self, value: External | Method) -> Colour:
        knowledge = self.program.knowledge
        name = knowledge.canonical(value.dotted)
        owner, _, method = name.rpartition(".")
        known = name in knowledge.rows or any(f"{base}.{method}" in knowledge.rows for base in knowledge.mro(owner))
        row = knowledge.row(name) if known else None
        if row is None:
            return Colour.UNKNOWN
        if not row.is_async:
            return Colour.OTHER
        return Colour.UNKNOWN if name.partition(".")[0] in _EAGER else Colour.COROUTINE

    # Functions --------------------------------------------------------------------------------------------------------

    def of_function(self, func: Func) -> Colour:
        """The colour of calling a function of the program by its name, after its decorators."""
        found = self._functions.get(func)
        if found is None:
            if self._steps > _STEPS:
                self._cut = True
                return Colour.UNKNOWN
            cut, self._cut = self._cut, False
            self._functions[func] = Colour.UNKNOWN, NOTHING
            self._steps += 1
            found = self._functions[func] = self.program.reads.of(lambda: self._decorated(func, self._bare(func)))
            self._steps -= 1
            if self._cut:
                # Asked for from nearer by, it may be known.
                del self._functions[func]
            self._cut = self._cut or cut
        self.program.reads.take(found[1])
        return found[0]

    def _bare(self, func: Func) -> Colour:
        if func.fact.is_generator:
            return Colour.OTHER
        if func.is_async:
            return Colour.COROUTINE
        return _shared(self._result(func, op.value) for op in _returns(func)) if _ends(func) else _none(func)

    def _result(self, func: Func, value: Expr) -> Colour:
        if isinstance(value, Const) or value is None:
            return Colour.OTHER
        if isinstance(value, int) and isinstance(func.ops[value], Call):
            return self.of_call(func, value)
        return Colour.UNKNOWN

    def _decorated(self, func: Func, colour: Colour) -> Colour:
        owner = func.owner
        for decorator in reversed(func.fact.decorators):
            if owner is None:
                return Colour.UNKNOWN
            colour = self._through(decorator, owner, func, colour)
        return colour

    def _through(self, decorator: Decorator, owner: Func, func: Func, colour: Colour) -> Colour:
        """The colour after one decorator."""
        if isinstance(decorator.func, str) and decorator.func.startswith("pytest.mark."):
            return colour
        values = self.settled.of(decorator.func, owner, -1)
        if len(values) != 1:
            return Colour.UNKNOWN
        value = values[0]
        if isinstance(value, External | Method):
            return self._library_decorator(value, colour)
        if isinstance(value, Function):
            makers = [value.func] if not decorator.called else list(self._inner_functions(value.func))
            return _shared(self._wrapping(maker, func, colour) for maker in makers)
        return Colour.UNKNOWN

    def _library_decorator(self, value: External | Method, colour: Colour) -> Colour:
        name = self.program.knowledge.canonical(value.dotted)
        row = self.program.knowledge.row(name)
        if row is None or name in _CHANGERS:
            return Colour.UNKNOWN
        if row.decorates == "offloads":
            return Colour.COROUTINE
        if row.decorates in ("sync", "context"):
            return Colour.OTHER
        if row.decorates in ("keeps", "handler") and name.partition(".")[0] in _KEEPERS:
            return colour
        return Colour.UNKNOWN

    # Decorators of the program ----------------------------------------------------------------------------------------

    def _inner_functions(self, func: Func) -> Iterator[Func | None]:
        """The functions that a decorator with arguments returns; None for anything else that it may return."""
        for leave in _returns(func):
            yield _nested(func, leave.value)

    def _wrapping(self, maker: Func | None, func: Func, colour: Colour) -> Colour:
        """What a decorator makes of a function of that colour."""
        if maker is None or maker.is_async or not maker.fact.params or not _ends(maker):
            return Colour.UNKNOWN
        params = maker.fact.params[1:] if maker.is_method else maker.fact.params
        if not params or params[0].kind not in ("", "/") or params[0].name in maker.assignments:
            return Colour.UNKNOWN
        name = params[0].name
        feasible = [leave for leave in _returns(maker) if _may_be(maker, leave.block, name, func)]
        return _shared(self._made(maker, leave.value, name, colour) for leave in feasible)

    def _made(self, maker: Func, value: Expr, name: str, colour: Colour) -> Colour:
        if value == f"${name}":
            return colour
        if isinstance(value, int):
            made = maker.ops[value]
            if isinstance(made, Call) and made.func == "typing.cast" and len(made.args) == 2:
                return self._made(maker, made.args[1], name, colour)
            return Colour.UNKNOWN
        inner = _nested(maker, value)
        if inner is None:
            return Colour.UNKNOWN
        bare = self._inner_colour(inner, f"&{maker.index}:{name}", colour)
        return self._decorated(inner, bare)

    def _inner_colour(self, inner: Func, wrapped: str, colour: Colour) -> Colour:
        if inner.is_async or inner.fact.is_generator:
            return self._bare(inner)
        if not _ends(inner):
            return _none(inner)
        found = []
        for leave in _returns(inner):
            made = inner.ops[leave.value] if isinstance(leave.value, int) else None
            passes = isinstance(made, Call) and made.func == wrapped
            found.append(colour if passes else self._result(inner, leave.value))
        return _shared(found)


def _shared(colours: Iterable[Colour]) -> Colour:
    found = set(colours)
    return found.pop() if len(found) == 1 else Colour.UNKNOWN


def _returns(func: Func) -> list[Leave]:
    return [op for op in func.ops if isinstance(op, Leave) and op.how == "return"]


def _ends(func: Func) -> bool:
    """Whether a function certainly ends in a `return` (or `raise`), and not by falling off its end."""
    last = func.ops[-1] if func.ops else None
    if not isinstance(last, Leave) or last.how not in ("return", "raise") or not _returns(func):
        return False
    # After an early exit what follows stands in an `else` of its own, whose block is not one that may be skipped.
    blocks = func.body.blocks
    block = last.block
    while block > 0:
        found = blocks[block]
        if found.kind not in ("else", "with") or (found.kind == "else" and not _leaves_before(func, block)):
            return False
        block = found.parent
    return True


def _leaves_before(func: Func, block: int) -> bool:
    """Whether the branch whose opposite this `else` is leaves the function."""
    blocks = func.body.blocks
    one = blocks[block]
    return any(
        other.kind == "if"
        and other.parent == one.parent
        and other.value == one.value
        and other.exits in ("return", "raise")
        for other in blocks
    )


def _none(func: Func) -> Colour:
    """A plain function that may fall off its end: nothing to await if it returns nothing at all."""
    return Colour.UNKNOWN if any(op.value is not None for op in _returns(func)) else Colour.OTHER


def _nested(func: Func, value: Expr) -> Func | None:
    """The nested function or lambda that a value of `func` is."""
    if isinstance(value, Fn):
        return func.module.functions[value.index]
    if isinstance(value, str) and value[0] == "$":
        assigned = func.assignments.get(value[1:], [])
        if len(assigned) == 1 and isinstance(assigned[0][1].value, Fn):
            return func.module.functions[assigned[0][1].value.index]
    return None


def _may_be(maker: Func, block: int, name: str, func: Func) -> bool:
    """Whether a decorator gets to a block with this function: tests that ask for its colour are answered."""
    for condition in conditions(maker, block):
        test, truth = condition
        while isinstance(test, Test) and test.op == "not":
            test, truth = test.items[0], not truth
        asked = maker.ops[test] if isinstance(test, int) else None
        if isinstance(asked, Call) and last_name(asked.func) in _ASKS and asked.args[:1] == (f"${name}",):
            if truth is not (func.is_async and not func.fact.is_generator):
                return False
    return True
