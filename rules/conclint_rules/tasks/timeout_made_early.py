"""CON257: a timeout whose time runs before its block is entered."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Assign, Await, Call
from conclint.finding import Confidence, Finding, Related, Severity
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.model import Func
from conclint.program.program import Program
from conclint.program.suspends import may_suspend
from conclint.rule import NearMiss, Rule

_RELATIVE = frozenset(
    ("asyncio.timeout", "anyio.move_on_after", "anyio.fail_after", "trio.move_on_after", "trio.fail_after")
)


def check(program: Program) -> Iterator[Finding]:
    """Each relative timeout that is made, and entered only after something else has been awaited."""
    for name in sorted({one.rpartition(".")[2] for one in _RELATIVE}):
        for func in program.users(name):
            if not func.is_async or not func.module.reported:
                continue
            for index in func.calls_by_name.get(name, ()):
                between = _awaited_between(program, func, index)
                if between is not None and not guards.is_dead(func, func.ops[index].block):
                    yield _finding(func, index, *between)


def _awaited_between(program: Program, func: Func, index: int) -> tuple[int, int] | None:
    """An await between the making and the entering of a timeout that a local holds, and the block that it limits."""
    named = [one.dotted for one in program.calls.library(func, index)]
    taker = func.ops[func.consumers[index]] if index in func.consumers else None
    if (
        len(named) != 1
        or named[0] not in _RELATIVE
        or not isinstance(taker, Assign)
        or taker.value != index
        or taker.how
    ):
        return None
    target = taker.target
    if not isinstance(target, str) or target[0] != "$" or "." in target or not func.is_bound_once(target[1:]):
        return None
    for number, block in enumerate(func.body.blocks):
        if block.kind in ("with", "async-with") and block.value == target:
            for at in range(index, len(func.ops)):
                op = func.ops[at]
                if func.encloses(number, op.block):
                    return None
                if isinstance(op, Await) and may_suspend(program, func, at):
                    return at, number
    return None


def _finding(func: Func, index: int, awaited: int, number: int) -> Finding:
    call = func.ops[index]
    assert isinstance(call, Call)
    return Finding(
        RULE.code,
        RULE.name,
        f"the time of `{spell(call.func, func)}` runs from here on: what is awaited before its block is taken from it",
        func.at(index),
        RULE.severity,
        Confidence.LIKELY,
        related=(
            Related(func.at(awaited), "this is awaited meanwhile"),
            Related(func.place, f"the block at line {func.body.blocks[number].row} is what it should limit"),
        ),
        help="make it in the `with` statement itself",
        root=func.dotted,
    )


RULE = Rule(
    code="CON257",
    name="timeout-made-early",
    check=check,
    by_module=True,
    severity=Severity.WARNING,
    summary="`asyncio.timeout(5)` or its like is made first, something is awaited, and then its block is entered.",
    why=(
        "A relative timeout works out its deadline when it is made (newer versions of trio do so when it is entered). "
        "What is awaited before the block counts against it: a block that was given five seconds may have one left, or "
        "be cancelled at its first `await`."
    ),
    use_instead="Make the timeout where it is entered: `async with asyncio.timeout(5):`.",
    bad="""\
import asyncio


async def main():
    limit = asyncio.timeout(0.05)  # CON257
    await asyncio.sleep(0.1)
    try:
        async with limit:
            await asyncio.sleep(0.01)
            print("in time")
    except TimeoutError:
        print("too late before it began")


asyncio.run(main())
""",
    good="""\
import asyncio


async def main():
    await asyncio.sleep(0.1)
    try:
        async with asyncio.timeout(0.05):
            await asyncio.sleep(0.01)
            print("in time")
    except TimeoutError:
        print("too late before it began")


asyncio.run(main())
""",
    cases=(
        """\
import anyio


async def main(connect):
    scope = anyio.move_on_after(5)  # CON257
    stream = await connect()
    with scope:
        await stream.receive()
""",
    ),
    near_misses=(
        NearMiss(
            "it is made where it is entered, or just before",
            """\
import asyncio
import anyio


async def main(read):
    async with asyncio.timeout(1):
        await read()
    limit = asyncio.timeout(1)
    async with limit:
        await read()
    scope = anyio.CancelScope()
    await read()
    with scope:
        await read()
""",
        ),
        NearMiss(
            "the deadline is set again",
            """\
import asyncio


async def main(read, loop):
    async with asyncio.timeout(None) as limit:
        await read()
        limit.reschedule(loop.time() + 1)
        await read()
""",
        ),
    ),
    references=(
        "https://docs.python.org/3/library/asyncio-task.html#asyncio.timeout",
        "https://anyio.readthedocs.io/en/stable/cancellation.html",
    ),
    since="0.1",
    witness="time",
)
