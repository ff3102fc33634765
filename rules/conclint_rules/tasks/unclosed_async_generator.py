"""CON223: an asynchronous generator that is left early, and cleans up when nobody waits for it."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Block, Call, Leave, Yield
from conclint.finding import Confidence, Finding, Place, Related, Severity, Span
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.contexts import Phase
from conclint.program.model import Func
from conclint.program.program import Program
from conclint.program.settled import Settled
from conclint.program.values import Function
from conclint.rule import NearMiss, Rule

_QUIET = (Phase.TEST, Phase.BENCHMARK)


def check(program: Program) -> Iterator[Finding]:
    """Each `async for` that may be left early, over a generator of the program that cleans up."""
    settled = program.colours.settled
    makers = program.definitions.iterated_asynchronously()
    for func in program.users("__aiter__"):
        if not func.module.reported or makers.isdisjoint(func.fact.names):
            continue
        for number, block in enumerate(func.body.blocks):
            if block.kind != "async-for" or not isinstance(block.value, int) or guards.is_dead(func, number):
                continue
            left = _left(func, number)
            made = _generator(settled, func, block) if left is not None else None
            if left is not None and made is not None:
                cleaning = _cleaning(made)
                if cleaning is not None:
                    yield _finding(program, func, block, left, made, cleaning)


def _left(func: Func, loop: int) -> Leave | None:
    """The first `break` or `return` that leaves the loop before its end."""
    for op in func.ops:
        if isinstance(op, Leave) and func.encloses(loop, op.block):
            if op.how == "return" or (op.how == "break" and func.loop_around(op.block) == loop):
                return op
    return None


def _generator(settled: Settled, func: Func, block: Block) -> Func | None:
    """The asynchronous generator function whose call the loop goes over, if there is but one that it can be."""
    assert isinstance(block.value, int)
    if not isinstance(func.ops[block.value], Call):
        return None
    callees = settled.callee(func, block.value)
    if len(callees) != 1 or not isinstance(callees[0], Function):
        return None
    made = callees[0].func
    return made if made.is_async and made.fact.is_generator and not made.fact.decorators else None


def _cleaning(made: Func) -> Block | None:
    """What the generator still has to do when it is left at a `yield`: a `finally` or an `async with` that awaits."""
    for op in made.ops:
        if not isinstance(op, Yield):
            continue
        for number, around in made.block_path(op.block):
            if around.kind in ("async-with", "with"):
                return around
            if around.kind == "try":
                for other in made.body.blocks:
                    if other.kind == "finally" and other.partner == number:
                        return other
    return None


def _finding(program: Program, func: Func, block: Block, left: Leave, made: Func, cleaning: Block) -> Finding:
    assert isinstance(block.value, int)
    call = func.ops[block.value]
    assert isinstance(call, Call)
    quiet = program.contexts.phase(func) in _QUIET
    word = "finally" if cleaning.kind == "finally" else cleaning.kind.replace("-", " ")
    span = Span(cleaning.row, cleaning.column, cleaning.row, cleaning.column + 1)
    gone = Span(left.row, left.column, left.row, left.column + len(left.how))
    return Finding(
        RULE.code,
        RULE.name,
        f"`{spell(call.func, func)}` is left by `{left.how}` and not closed: its `{word}` is left to the "
        "garbage collector, and may never run",
        func.at(block.value),
        Severity.NOTE if quiet else RULE.severity,
        Confidence.LIKELY,
        related=(
            Related(Place(func.module.path, gone), "the loop is left here"),
            Related(Place(made.module.path, span), f"`{made.qualname}` has this to clean up"),
        ),
        help="iterate inside `async with contextlib.aclosing(…) as items:`",
        root=func.dotted,
    )


RULE = Rule(
    code="CON223",
    name="unclosed-async-generator",
    check=check,
    by_module=True,
    severity=Severity.WARNING,
    summary="An `async for` is left early, and the asynchronous generator it goes over is never closed.",
    why=(
        "A plain generator that is left early is closed when it is collected, at once. Closing an asynchronous one "
        "takes an `await`, which the garbage collector cannot do: the event loop starts a task for it some time later, "
        "in another context than the one that opened the file, the transaction or the lock. When the loop ends first "
        "the clean-up is lost."
    ),
    use_instead=(
        "Close it where it is used: `async with contextlib.aclosing(source()) as items:` around `async for item in "
        "items:`."
    ),
    bad="""\
import asyncio


async def rows():
    try:
        for number in range(10):
            yield number
    finally:
        await asyncio.sleep(0.01)
        print("connection given back")


async def first_big():
    async for row in rows():  # CON223
        if row > 3:
            return row


async def main():
    print(await first_big())


asyncio.run(main())
""",
    good="""\
import asyncio
from contextlib import aclosing


async def rows():
    try:
        for number in range(10):
            yield number
    finally:
        await asyncio.sleep(0.01)
        print("connection given back")


async def first_big():
    async with aclosing(rows()) as found:
        async for row in found:
            if row > 3:
                return row


async def main():
    print(await first_big())


asyncio.run(main())
""",
    cases=(
        """\
class Store:
    async def scan(self, table):
        async with self.pool.acquire() as connection:
            for row in await connection.fetch(table):
                yield row

    async def find(self, table, wanted):
        async for row in self.scan(table):  # CON223
            if row == wanted:
                break
        return row
""",
    ),
    near_misses=(
        NearMiss(
            "the generator is closed where it is used",
            """\
import asyncio
from contextlib import aclosing


async def rows():
    try:
        yield 1
    finally:
        await asyncio.sleep(0)


async def main():
    async with aclosing(rows()) as found:
        async for row in found:
            return row
""",
        ),
        NearMiss(
            "the loop runs to its end",
            """\
import asyncio


async def rows():
    try:
        yield 1
    finally:
        await asyncio.sleep(0)


async def main():
    async for row in rows():
        for part in row:
            if part:
                break
""",
        ),
        NearMiss(
            "there is nothing to clean up",
            """\
async def rows():
    for number in range(3):
        yield number


async def main():
    async for row in rows():
        return row
""",
        ),
        NearMiss(
            "what it goes over is not known",
            """\
async def main(client):
    async for row in client.rows():
        return row
""",
        ),
    ),
    known_problems="A loop that is left by an exception leaves the generator open as well; that is not reported.",
    references=(
        "https://docs.python.org/3/library/contextlib.html#contextlib.aclosing",
        "https://peps.python.org/pep-0525/#finalization",
    ),
    since="0.1",
    witness="lost",
)
