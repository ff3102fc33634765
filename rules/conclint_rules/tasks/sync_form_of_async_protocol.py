"""CON226: a plain `for` or `with` over something asynchronous, and the reverse."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Block, Call
from conclint.finding import Applicability, Confidence, Finding, Fix, MakeAsync, Place, Related, Severity, Span
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.model import ClassNode, Func
from conclint.program.program import Program
from conclint.program.settled import Settled
from conclint.program.values import Function, Instance, Value
from conclint.rule import NearMiss, Rule
from conclint_rules.tasks.dropped import is_expected

_PLAIN = {"for": "for", "comp": "for", "with": "with"}
_ASYNC = {"async-for": "async for", "async-comp": "async for", "async-with": "async with"}
# What has one side alone, by the type of the library.
_ASYNC_MANAGERS = frozenset(
    f"{package}.{name}"
    for package, names in {
        "asyncio": ("Lock", "Semaphore", "BoundedSemaphore", "Condition", "TaskGroup", "Timeout"),
        "anyio": ("Lock", "Semaphore", "Condition", "CapacityLimiter"),
        "trio": ("Lock", "StrictFIFOLock", "Semaphore", "Condition", "CapacityLimiter", "Nursery"),
    }.items()
    for name in names
)
_PLAIN_MANAGERS = frozenset(
    f"threading.{name}" for name in ("Lock", "RLock", "Semaphore", "BoundedSemaphore", "Condition")
) | {"concurrent.futures.ThreadPoolExecutor", "concurrent.futures.ProcessPoolExecutor"}
_MAKERS = {"contextlib.asynccontextmanager": True, "contextlib.contextmanager": False}
_PROTOCOL = {"for": ("__iter__", "__aiter__"), "with": ("__enter__", "__aenter__")}


def check(program: Program) -> Iterator[Finding]:
    """Each `for` or `with` whose form does not fit what it goes over or enters."""
    settled = program.colours.settled
    for func in _users(program):
        for number, block in enumerate(func.body.blocks):
            form = _PLAIN.get(block.kind) or _ASYNC.get(block.kind)
            if form is not None and not guards.is_dead(func, number) and not is_expected(func, block.parent):
                yield from _checked(program, settled, func, block, form)


def _users(program: Program) -> list[Func]:
    """The functions that enter anything, iterate asynchronously, or name what can only be iterated so."""
    found = {func for word in ("__enter__", "__aenter__", "__aiter__") for func in program.users(word)}
    names = program.definitions.iterated_asynchronously()
    found.update(func for func in program.users("__iter__") if not names.isdisjoint(func.fact.names))
    reported = [func for func in found if func.module.reported]
    return sorted(reported, key=lambda func: (func.module.path, func.index))


def _checked(program: Program, settled: Settled, func: Func, block: Block, form: str) -> Iterator[Finding]:
    word = form.rpartition(" ")[2]
    asynchronous = [_is_async(program, value, word) for value in _given(settled, func, block)]
    if not asynchronous or None in asynchronous or len(set(asynchronous)) > 1:
        return
    if asynchronous[0] is form.startswith("async"):
        return
    yield _finding(func, block, form, word, is_async=bool(asynchronous[0]))


def _given(settled: Settled, func: Func, block: Block) -> tuple[Value, ...]:
    """What the statement is given: for a call what is called, where a generator or manager function is called."""
    at = block.value if isinstance(block.value, int) else len(func.ops)
    if isinstance(block.value, int) and isinstance(func.ops[block.value], Call):
        callees = settled.callee(func, block.value)
        if callees and all(isinstance(one, Function) for one in callees):
            return callees
    return tuple(value for value in settled.of(block.value, func, at) if not isinstance(value, Function))


def _is_async(program: Program, value: Value, word: str) -> bool | None:
    """Whether only the asynchronous form fits a value (True), only the plain one (False), or that is not known."""
    if isinstance(value, Function):
        return _of_function(program, value.func, word)
    if not isinstance(value, Instance):
        return None
    if isinstance(value.type, ClassNode):
        return _of_class(program, value.type, word)
    if word == "with":
        known = {True: _ASYNC_MANAGERS, False: _PLAIN_MANAGERS}
        return next((answer for answer, names in known.items() if value.type in names), None)
    return None


def _of_function(program: Program, func: Func, word: str) -> bool | None:
    """By what a call of a function gives: a generator, or what a decorator for managers makes of one."""
    if word == "for":
        return func.is_async if func.fact.is_generator and not func.fact.decorators else None
    owner = func.owner
    if owner is None or len(func.fact.decorators) != 1 or not isinstance(func.fact.decorators[0].func, str):
        return None
    named = [getattr(one, "dotted", "") for one in program.evaluator.of(func.fact.decorators[0].func, owner, -1)]
    return _MAKERS.get(named[0]) if len(named) == 1 else None


def _of_class(program: Program, cls: ClassNode, word: str) -> bool | None:
    """By the methods of a class all of whose bases are known."""
    order = program.evaluator.mro(cls)
    names: set[str] = set()
    for node in order:
        if not isinstance(node, ClassNode):
            if node not in ("builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol"):
                return None
            continue
        if len(program.evaluator.bases(node)) != len(node.fact.bases) or node.fact.keywords or node.fact.decorators:
            return None
        names |= node.methods.keys() | {name for name, _, _ in node.fact.attributes}
    if names & {"__getattr__", "__getitem__", "__getattribute__"}:
        return None
    plain, asynchronous = (method in names for method in _PROTOCOL[word])
    return asynchronous if plain is not asynchronous else None


def _finding(func: Func, block: Block, form: str, word: str, *, is_async: bool) -> Finding:
    place = _place(func, block)
    label = spell(block.value, func) if isinstance(block.value, str) else _called(func, block)
    kind = ("asynchronous" if is_async else "a plain") + (" iterable" if word == "for" else " context manager")
    kind = f"an {kind}" if is_async else kind
    fits = f"async {word}" if is_async else word
    return Finding(
        RULE.code,
        RULE.name,
        f"`{label}` is {kind}, and `{form}` does not take one: it raises {_ERROR[word]}",
        place,
        RULE.severity,
        Confidence.CERTAIN,
        related=(Related(func.place, f"`{func.qualname}` is no coroutine function, `{fits}` cannot stand in it"),)
        if is_async and not func.is_async
        else (),
        help=f"use `{fits}`",
        fix=_mend(func, block, is_async=is_async),
        root=func.dotted,
    )


_ERROR = {"for": "`TypeError`", "with": "`TypeError` (`AttributeError` in older Pythons)"}


def _called(func: Func, block: Block) -> str:
    call = func.ops[block.value] if isinstance(block.value, int) else None
    return spell(call.func, func) if isinstance(call, Call) else "it"


def _place(func: Func, block: Block) -> Place:
    if isinstance(block.value, int):
        return func.at(block.value)
    return Place(func.module.path, Span(block.row, block.column, block.end_row, block.end_column))


def _mend(func: Func, block: Block, *, is_async: bool) -> Fix | None:
    if not is_async or not func.is_async or not isinstance(block.value, int):
        return None
    return Fix(Applicability.SAFE, "use the asynchronous form", (MakeAsync(func.span(block.value)),))


RULE = Rule(
    code="CON226",
    name="sync-form-of-async-protocol",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary="A plain `for` or `with` is used on something asynchronous, or an asynchronous one on something plain.",
    why=(
        "The plain statements call `__iter__` and `__enter__`, the asynchronous ones `__aiter__` and `__aenter__`. An "
        "asynchronous generator, an `asyncio.Lock` or what `asynccontextmanager` makes has only the latter; a plain "
        "generator or a `threading.Lock` only the former. The wrong form raises as soon as it is reached, which may be "
        "in a branch that no test runs."
    ),
    use_instead=(
        "Use the form that fits. Asynchronous forms need an `async def` around them; a plain iterable needs no "
        "`async for` even there."
    ),
    fix=Applicability.SAFE,
    fix_safety=(
        "Safe: `async` is put in front of a `for` or `with` in an `async def`, where the statement as written could "
        "only raise. The reverse is left to you, as something else may have been meant to be asynchronous."
    ),
    bad="""\
import asyncio


async def numbers():
    for number in range(3):
        await asyncio.sleep(0)
        yield number


async def main():
    for number in numbers():  # CON226
        print(number)


asyncio.run(main())
""",
    good="""\
import asyncio


async def numbers():
    for number in range(3):
        await asyncio.sleep(0)
        yield number


async def main():
    async for number in numbers():
        print(number)


asyncio.run(main())
""",
    cases=(
        """\
import asyncio
import threading
from contextlib import asynccontextmanager, contextmanager


@asynccontextmanager
async def opened():
    yield 1


@contextmanager
def timed():
    yield 1


def numbers():
    yield 1


class Feed:
    def __aiter__(self):
        return self

    async def __anext__(self):
        return 1


async def main():
    with opened() as one:  # CON226
        print(one)
    async with timed() as one:  # CON226
        print(one)
    async for number in numbers():  # CON226
        print(number)
    print([number for number in Feed()])  # CON226
    with asyncio.Lock():  # CON226
        pass
    async with threading.Lock():  # CON226
        pass


class Store:
    def __init__(self):
        self.lock = asyncio.Lock()

    def save(self):
        with self.lock:  # CON226
            pass
""",
    ),
    near_misses=(
        NearMiss(
            "each form on what it is for",
            """\
import asyncio
import threading
from contextlib import asynccontextmanager, contextmanager


@asynccontextmanager
async def opened():
    yield 1


@contextmanager
def timed():
    yield 1


async def numbers():
    yield 1


async def main():
    async with opened(), asyncio.Lock():
        with timed(), threading.Lock():
            pass
    async for number in numbers():
        print(number)
    print([number async for number in numbers()])
""",
        ),
        NearMiss(
            "both protocols, or neither that is known",
            """\
import httpx
from framework import Base


class Both:
    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        pass


class Unknown(Base):
    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        pass


async def main(anything):
    with Both(), Unknown(), anything:
        pass
    async with Both(), anything, httpx.AsyncClient():
        pass
    for one in anything:
        print(one)
""",
        ),
        NearMiss(
            "a decorator may have changed what the function gives",
            """\
from framework import stream


@stream
async def numbers():
    yield 1


def main():
    for number in numbers():
        print(number)
""",
        ),
        NearMiss(
            "an old sequence is iterated by its items",
            """\
class Rows:
    def __getitem__(self, index):
        return index

    def __aiter__(self):
        return self


def main():
    for row in Rows():
        print(row)
""",
        ),
        NearMiss(
            "a test that expects the error",
            """\
import pytest


async def numbers():
    yield 1


def test_it():
    with pytest.raises(TypeError):
        for number in numbers():
            print(number)
""",
        ),
    ),
    references=(
        "https://docs.python.org/3/reference/compound_stmts.html#the-async-for-statement",
        "https://docs.python.org/3/reference/compound_stmts.html#the-async-with-statement",
    ),
    since="0.1",
    witness="exc",
)
