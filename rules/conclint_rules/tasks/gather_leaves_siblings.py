"""CON210: a `gather` whose failure is handled while its other coroutines run on."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Await, Call, Const, Mix
from conclint.finding import Confidence, Finding, Place, Related, Severity, Span
from conclint.program import guards
from conclint.program.model import Func, argument_of
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule
from conclint_rules.tasks.dropped import is_expected

_GOES_ON = ("", "continue")


def check(program: Program) -> Iterator[Finding]:
    """Each awaited `gather` of several coroutines in a `try` whose handler goes on."""
    for func in program.users("gather"):
        if not func.module.reported or not func.is_async:
            continue
        for index in func.calls_by_name.get("gather", ()):
            call = func.ops[index]
            if not isinstance(call, Call) or not _is_plain(program, func, index, call):
                continue
            handler = _handler(func, call.block)
            if handler is not None and not guards.is_dead(func, call.block) and not is_expected(func, call.block):
                yield _finding(func, index, handler)


def _is_plain(program: Program, func: Func, index: int, call: Call) -> bool:
    if argument_of(call, "return_exceptions") not in (None, Const(False)):
        return False
    many = len(call.args) > 1 or any(isinstance(item, Mix) and item.kind == "star" for item in call.args)
    waited = index in func.consumers and isinstance(func.ops[func.consumers[index]], Await)
    return many and waited and [one.dotted for one in program.calls.library(func, index)] == ["asyncio.gather"]


def _handler(func: Func, block: int) -> int | None:
    """The handler that takes an error of one of them and lets the function go on, cancelling nothing."""
    if any("cancel" in name for name in func.calls_by_name):
        return None
    for number, around in func.block_path(block):
        if around.kind == "try":
            for other, found in enumerate(func.body.blocks):
                if found.kind == "except" and found.partner == number:
                    return other if found.exits in _GOES_ON else None
            return None
    return None


def _finding(func: Func, index: int, handler: int) -> Finding:
    block = func.body.blocks[handler]
    span = Span(block.row, block.column, block.row, block.column + len("except"))
    return Finding(
        RULE.code,
        RULE.name,
        "when one of these fails the handler goes on while the others run: what they do and raise then, nobody sees",
        func.at(index),
        RULE.severity,
        Confidence.CERTAIN,
        related=(Related(Place(func.module.path, span), "the first error ends up here, the others are lost"),),
        help="use an `asyncio.TaskGroup`, which cancels the others and waits for them",
        root=func.dotted,
    )


RULE = Rule(
    code="CON210",
    name="gather-leaves-siblings",
    check=check,
    by_module=True,
    severity=Severity.NOTE,
    default=False,
    summary="An error of one coroutine of a `gather` is handled while the others run on.",
    why=(
        "`asyncio.gather` passes on the first exception at once and leaves the other coroutines running. A handler "
        "that goes on as if all of them had ended races with them: they write, send and hold connections after the "
        "failure has been dealt with, and what they raise is lost."
    ),
    use_instead=(
        "From Python 3.11 on use an `asyncio.TaskGroup`: when one fails it cancels the others, waits for them, and "
        "raises all errors together. `conclint_runtime.aio` has one for Python 3.10."
    ),
    bad="""\
import asyncio

written = []


async def write(name, seconds):
    await asyncio.sleep(seconds)
    if name == "a":
        raise OSError("disk full")
    written.append(name)


async def main():
    try:
        await asyncio.gather(write("a", 0.01), write("b", 0.02))  # CON210
    except OSError:
        print("rolled back", written)
    await asyncio.sleep(0.05)
    print(written)


asyncio.run(main())
""",
    good="""\
import asyncio

written = []


async def write(name, seconds):
    await asyncio.sleep(seconds)
    if name == "a":
        raise OSError("disk full")
    written.append(name)


async def main():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(write("a", 0.01))
            group.create_task(write("b", 0.02))
    except BaseExceptionGroup:
        print("rolled back", written)
    await asyncio.sleep(0.05)
    print(written)


asyncio.run(main())
""",
    near_misses=(
        NearMiss(
            "the error ends the function, or the program",
            """\
import asyncio


async def main(jobs):
    try:
        await asyncio.gather(*jobs)
    except OSError:
        print("failed")
        raise
""",
        ),
        NearMiss(
            "the others are cancelled",
            """\
import asyncio


async def main(tasks):
    try:
        await asyncio.gather(*tasks)
    except OSError:
        for task in tasks:
            task.cancel()
""",
        ),
        NearMiss(
            "all errors come back as results",
            """\
import asyncio


async def main(jobs):
    try:
        return await asyncio.gather(*jobs, return_exceptions=True)
    except OSError:
        print("failed")
""",
        ),
        NearMiss(
            "there is but one",
            """\
import asyncio


async def main(job):
    try:
        await asyncio.gather(job)
    except OSError:
        print("failed")
""",
        ),
    ),
    references=("https://docs.python.org/3/library/asyncio-task.html#asyncio.gather",),
    since="0.1",
    witness="lost",
)
