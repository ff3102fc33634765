"""CON235: a `yield` inside a task group or timeout."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Call, Yield
from conclint.finding import Confidence, Finding, Place, Related, Severity, Span
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.model import Func
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule
from conclint_rules.tasks.scopes import GROUPS, TIMEOUTS, Scope, scopes

# Decorators that run the generator themselves, in one task, and to its end.
_MANAGED = ("contextmanager", "asynccontextmanager", "fixture", "async_generator", "lifespan", "as_safe_channel")


def check(program: Program) -> Iterator[Finding]:
    """Each `yield` of a plain generator that suspends it while a task group or a timeout is open."""
    for scope in scopes(program, GROUPS | TIMEOUTS):
        func = scope.func
        if not func.fact.is_generator or _is_managed(func) or guards.is_dead(func, scope.number):
            continue
        for op in func.ops:
            if isinstance(op, Yield) and scope.holds(op.block) and _is_innermost(program, scope, op):
                yield _finding(scope, op)
                break


def _is_managed(func: Func) -> bool:
    """Whether a decorator, or the class that it is a method of, drives the generator."""
    decorators = [name.rpartition(".")[2] for name in func.decorator_names]
    if len(decorators) != len(func.fact.decorators):
        return True
    return any(word in name for name in decorators for word in _MANAGED) or bool(set(decorators) - {"staticmethod"})


def _is_innermost(program: Program, scope: Scope, op: Yield) -> bool:
    for number, around in scope.func.block_path(op.block):
        if number == scope.number:
            return True
        if around.kind in ("with", "async-with") and isinstance(around.value, int):
            named = [one.dotted for one in program.calls.library(scope.func, around.value)]
            if len(named) == 1 and named[0] in GROUPS | TIMEOUTS:
                return False
    return False


def _finding(scope: Scope, op: Yield) -> Finding:
    func = scope.func
    call = func.ops[scope.at]
    assert isinstance(call, Call)
    label = spell(call.func, func)
    return Finding(
        RULE.code,
        RULE.name,
        f"the generator is suspended inside `{label}`: its cancellation can hit code outside, or come too late",
        Place(func.module.path, Span(op.row, op.column, op.row, op.column + 5)),
        RULE.severity,
        Confidence.CERTAIN,
        related=(Related(func.at(scope.at), f"`{label}` is open while whoever iterates goes on"),),
        help="let the user of the generator open it, or hand values over through a queue or a memory channel",
        root=func.dotted,
    )


RULE = Rule(
    code="CON235",
    name="yield-in-scope",
    check=check,
    by_module=True,
    severity=Severity.WARNING,
    summary="A generator yields while a `TaskGroup`, nursery, timeout or cancel scope is open in it.",
    why=(
        "These scopes cancel the task that entered them. A generator that yields inside one hands control to its user "
        "with the scope still open: a deadline or a failed task then cancels whatever the user is awaiting, who has no "
        "part in it. A generator that is not iterated to its end leaves the scope when it is collected, perhaps in "
        "another task, where the scope cannot be left at all. PEP 789 describes the problem."
    ),
    use_instead=(
        "Put the scope around the loop that uses the generator, make it an `asynccontextmanager` that yields once, or "
        "let a task of the group send the values through a queue or memory channel."
    ),
    bad="""\
import asyncio


async def ticks(limit):
    async with asyncio.timeout(limit):
        while True:
            await asyncio.sleep(0.01)
            yield "tick"  # CON235


async def main():
    try:
        async for tick in ticks(0.05):
            await asyncio.sleep(60)
    except BaseException as error:
        print(type(error).__name__)


asyncio.run(main())
""",
    good="""\
import asyncio


async def ticks():
    while True:
        await asyncio.sleep(0.01)
        yield "tick"


async def main():
    try:
        async with asyncio.timeout(0.05):
            async for tick in ticks():
                await asyncio.sleep(60)
    except BaseException as error:
        print(type(error).__name__)


asyncio.run(main())
""",
    cases=(
        """\
import anyio
import trio


async def merged(sources, pump):
    async with trio.open_nursery() as nursery:
        for source in sources:
            nursery.start_soon(pump, source)
        yield 1  # CON235


def polled(items):
    with anyio.move_on_after(1):
        for item in items:
            yield item  # CON235


class Feed:
    async def __aiter__(self):
        async with anyio.create_task_group():
            yield 1  # CON235
""",
    ),
    near_misses=(
        NearMiss(
            "a context manager yields once, in one task",
            """\
import asyncio
from contextlib import asynccontextmanager
import pytest


@asynccontextmanager
async def limited():
    async with asyncio.timeout(1):
        yield


@pytest.fixture
async def group():
    async with asyncio.TaskGroup() as group:
        yield group
""",
        ),
        NearMiss(
            "the yield lies outside of the scope",
            """\
import asyncio


async def ticks(read):
    while True:
        async with asyncio.timeout(1):
            value = await read()
        yield value
""",
        ),
        NearMiss(
            "other managers may stay open",
            """\
import aiofiles


async def lines(path):
    async with aiofiles.open(path) as stream:
        async for line in stream:
            yield line
""",
        ),
        NearMiss(
            "a function inside has its own",
            """\
import asyncio


async def main():
    async with asyncio.timeout(1):

        async def numbers():
            yield 1

        async for number in numbers():
            print(number)
""",
        ),
    ),
    references=(
        "https://peps.python.org/pep-0789/",
        "https://trio.readthedocs.io/en/stable/reference-core.html#cancel-scopes-and-nurseries",
    ),
    since="0.1",
    witness="exc",
)
