"""CON258: an absolute deadline that is written as a number."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Call, Const, Expr
from conclint.finding import Confidence, Finding, Severity
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.model import Func, argument_of
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule

# Which argument is a time on the clock of the loop, and what takes a duration instead.
_ABSOLUTE = {
    "asyncio.timeout_at": ("0:when", "asyncio.timeout"),
    "trio.fail_at": ("0:deadline", "trio.fail_after"),
    "trio.move_on_at": ("0:deadline", "trio.move_on_after"),
    "trio.sleep_until": ("0:deadline", "trio.sleep"),
    "anyio.sleep_until": ("0:deadline", "anyio.sleep"),
    "trio.CancelScope": ("deadline", "trio.move_on_after"),
    "anyio.CancelScope": ("deadline", "anyio.move_on_after"),
    "asyncio.AbstractEventLoop.call_at": ("0:when", "call_later"),
}


def check(program: Program) -> Iterator[Finding]:
    """Each call that takes a time on the loop's clock and is given a number."""
    for name in sorted({one.rpartition(".")[2] for one in _ABSOLUTE}):
        for func in program.users(name):
            if not func.module.reported:
                continue
            for index in func.calls_by_name.get(name, ()):
                found = _constant(program, func, index)
                if found is not None and not guards.is_dead(func, func.ops[index].block):
                    yield _finding(func, index, *found)


def _constant(program: Program, func: Func, index: int) -> tuple[float, str] | None:
    call = func.ops[index]
    named = [one.dotted for one in program.calls.library(func, index)]
    if len(named) != 1 or not isinstance(call, Call):
        return None
    owner, _, method = named[0].rpartition(".")
    dotted = f"asyncio.AbstractEventLoop.{method}" if program.knowledge.role(owner) == "loop" else named[0]
    which, twin = _ABSOLUTE.get(dotted, ("", ""))
    given: Expr = argument_of(call, which) if which else None
    if isinstance(given, Const) and isinstance(given.value, int | float) and not isinstance(given.value, bool):
        return float(given.value), twin
    return None


def _finding(func: Func, index: int, number: float, twin: str) -> Finding:
    call = func.ops[index]
    assert isinstance(call, Call)
    return Finding(
        RULE.code,
        RULE.name,
        f"`{spell(call.func, func)}` takes a time on the loop's clock, and {number:g} is long past: it is over at once",
        func.at(index),
        RULE.severity,
        Confidence.CERTAIN,
        help=f"a duration is what `{twin}` takes",
        root=func.dotted,
    )


RULE = Rule(
    code="CON258",
    name="constant-deadline",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary="`timeout_at(5)`, `fail_at(5)`, `CancelScope(deadline=5)`: a duration where a point in time is wanted.",
    why=(
        "An absolute deadline is a reading of the event loop's clock, which counts from an arbitrary start (often that "
        "of the machine). A small number on it lies in the past, so the block is cancelled at its first `await`."
    ),
    use_instead=(
        "Use what takes a duration (`asyncio.timeout`, `fail_after`, `move_on_after`), or add to the clock: "
        "`loop.time() + 5`, `current_time() + 5`."
    ),
    bad="""\
import asyncio


async def main():
    try:
        async with asyncio.timeout_at(5):  # CON258
            await asyncio.sleep(0.01)
            print("in time")
    except TimeoutError:
        print("over before it began")


asyncio.run(main())
""",
    good="""\
import asyncio


async def main():
    try:
        async with asyncio.timeout(5):
            await asyncio.sleep(0.01)
            print("in time")
    except TimeoutError:
        print("over before it began")


asyncio.run(main())
""",
    cases=(
        """\
import anyio
import asyncio
import trio


async def main(work):
    with trio.fail_at(10):  # CON258
        await work()
    with anyio.CancelScope(deadline=3.5):  # CON258
        await work()
    asyncio.get_running_loop().call_at(60, work)  # CON258
""",
    ),
    near_misses=(
        NearMiss(
            "the clock is read, or a duration is meant",
            """\
import anyio
import asyncio
import trio


async def main(work, when):
    async with asyncio.timeout_at(asyncio.get_running_loop().time() + 5):
        await work()
    with trio.fail_at(trio.current_time() + 10), trio.fail_after(10):
        await work()
    with anyio.CancelScope(deadline=when), anyio.CancelScope():
        await work()
    async with asyncio.timeout_at(None):
        await work()
""",
        ),
    ),
    references=(
        "https://docs.python.org/3/library/asyncio-task.html#asyncio.timeout_at",
        "https://trio.readthedocs.io/en/stable/reference-core.html#trio.fail_at",
    ),
    since="0.1",
    witness="time",
)
