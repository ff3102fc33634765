"""CON241: tasks that a coroutine starts and leaves behind when it is cancelled."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Assign, Await, Call
from conclint.finding import Confidence, Finding, Related, Severity
from conclint.program import guards
from conclint.program.model import Func, chains
from conclint.program.program import Program
from conclint.program.suspends import may_suspend
from conclint.rule import NearMiss, Rule

_MAKERS = ("asyncio.create_task", "asyncio.ensure_future")


def check(program: Program) -> Iterator[Finding]:
    """Each task that a local holds and that is awaited at last, with another await on the way that may be cancelled."""
    for name in ("create_task", "ensure_future"):
        for func in program.users(name):
            if not func.is_async or not func.module.reported or any("cancel" in one for one in func.calls_by_name):
                continue
            for index in func.calls_by_name.get(name, ()):
                between = _left_behind(program, func, index)
                if between is not None:
                    yield _finding(func, index, *between)


def _left_behind(program: Program, func: Func, index: int) -> tuple[int, int] | None:
    """An await before the one that waits for the task, and that one."""
    op = func.ops[index]
    taker = func.ops[func.consumers[index]] if index in func.consumers else None
    if not isinstance(op, Call) or not isinstance(taker, Assign) or not isinstance(taker.target, str) or taker.how:
        return None
    if taker.target[0] != "$" or "." in taker.target or guards.is_dead(func, op.block):
        return None
    if [one.dotted for one in program.calls.library(func, index)] not in [[maker] for maker in _MAKERS]:
        return None
    if any(around.kind in ("try", "async-with", "for", "while") for _, around in func.block_path(op.block)):
        return None
    first = None
    for at in range(index + 1, len(func.ops)):
        later = func.ops[at]
        if isinstance(later, Await) and later.value == taker.target and first is not None:
            return first, at
        if isinstance(later, Call) and any(taker.target in chains(argument) for argument in later.args):
            return None
        if (
            isinstance(later, Await)
            and later.value != taker.target
            and first is None
            and may_suspend(program, func, at)
        ):
            first = at
    return None


def _finding(func: Func, index: int, first: int, last: int) -> Finding:
    return Finding(
        RULE.code,
        RULE.name,
        f"when `{func.qualname}` is cancelled while it awaits something else, this task is left to run on alone",
        func.at(index),
        RULE.severity,
        Confidence.LIKELY,
        related=(
            Related(func.at(first), "a cancellation may arrive here"),
            Related(func.at(last), "and the task is only awaited here"),
        ),
        help="start it in an `asyncio.TaskGroup`, or cancel it in a `finally`",
        root=func.dotted,
    )


RULE = Rule(
    code="CON241",
    name="orphaned-on-cancel",
    check=check,
    by_module=True,
    severity=Severity.WARNING,
    default=False,
    summary="A coroutine starts a task, awaits something else, and leaves the task behind if it is cancelled there.",
    why=(
        "A cancellation is raised where the coroutine waits. What it started with `create_task` before knows nothing "
        "of it: the task goes on, uses what its maker has cleaned up meanwhile, and its errors are seen by nobody."
    ),
    use_instead=(
        "Start tasks in an `asyncio.TaskGroup`, which cancels them with the coroutine it stands in, or cancel them in "
        "a `finally`."
    ),
    bad="""\
import asyncio

log = []


async def record():
    await asyncio.sleep(0.02)
    log.append("recorded")


async def handle():
    recording = asyncio.create_task(record())  # CON241
    await asyncio.sleep(0.01)
    await recording


async def main():
    handling = asyncio.create_task(handle())
    await asyncio.sleep(0)
    handling.cancel()
    await asyncio.wait([handling])
    await asyncio.sleep(0.05)
    print(log)


asyncio.run(main())
""",
    good="""\
import asyncio

log = []


async def record():
    await asyncio.sleep(0.02)
    log.append("recorded")


async def handle():
    async with asyncio.TaskGroup() as group:
        group.create_task(record())
        await asyncio.sleep(0.01)


async def main():
    handling = asyncio.create_task(handle())
    await asyncio.sleep(0)
    handling.cancel()
    await asyncio.wait([handling])
    await asyncio.sleep(0.05)
    print(log)


asyncio.run(main())
""",
    near_misses=(
        NearMiss(
            "a finally cancels it",
            """\
import asyncio


async def handle(record, work):
    recording = asyncio.create_task(record())
    try:
        await work()
    finally:
        recording.cancel()
""",
        ),
        NearMiss(
            "it is awaited at once, or with the others",
            """\
import asyncio


async def work():
    await asyncio.sleep(1)


async def handle():
    first = asyncio.create_task(work())
    await first
    second = asyncio.create_task(work())
    third = asyncio.create_task(work())
    await asyncio.gather(second, third)
""",
        ),
        NearMiss(
            "a group holds it",
            """\
import asyncio


async def handle(record, work):
    async with asyncio.TaskGroup() as group:
        recording = group.create_task(record())
        await work()
        await recording
""",
        ),
    ),
    references=("https://docs.python.org/3/library/asyncio-task.html#task-cancellation",),
    since="0.1",
    witness="lost",
)
