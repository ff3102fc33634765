"""CON234: a jump out of a task group that waits for its tasks all the same."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Call, Leave
from conclint.finding import Confidence, Finding, Place, Related, Severity, Span
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule
from conclint_rules.tasks.scopes import GROUPS, Scope, scopes

_STARTS = ("create_task", "start_soon", "start")


def check(program: Program) -> Iterator[Finding]:
    """Each `return`, `break` or `continue` that leaves a task group in the middle, after tasks were started in it."""
    for scope in scopes(program, GROUPS):
        func = scope.func
        for index, op in enumerate(func.ops):
            if not isinstance(op, Leave) or op.how == "raise" or not scope.holds(op.block):
                continue
            if _leaves(scope, op) and not guards.is_dead(func, op.block) and _is_in_the_middle(scope, index, op):
                started = _started(scope, index)
                if started is not None:
                    yield _finding(scope, op, started)


def _leaves(scope: Scope, op: Leave) -> bool:
    if op.how == "return":
        return True
    loop = scope.func.loop_around(op.block)
    return loop >= 0 and not scope.holds(loop)


def _is_in_the_middle(scope: Scope, index: int, op: Leave) -> bool:
    """Whether more of the block would follow, so that the jump looks like a way to leave early."""
    func = scope.func
    if op.block == scope.number:
        return False
    return any(scope.holds(later.block) for later in func.ops[index + 1 :])


def _started(scope: Scope, index: int) -> int | None:
    """The call that last started a task in the group before the jump, if the group was not cancelled since."""
    func, found = scope.func, None
    for at, op in enumerate(func.ops[:index]):
        if isinstance(op, Call) and isinstance(op.func, str) and op.func.startswith(f"${scope.name}."):
            method = op.func.rpartition(".")[2]
            if method in _STARTS:
                found = at
            elif method.startswith("cancel"):
                found = None
        elif isinstance(op, Call) and isinstance(op.func, str) and op.func.endswith(".cancel") and found is not None:
            found = None
    return found if scope.name and not _cancels_at_last(scope) else None


def _cancels_at_last(scope: Scope) -> bool:
    """Whether a `finally` in the block cancels something."""
    func = scope.func
    finals = [
        number for number, block in enumerate(func.body.blocks) if block.kind == "finally" and scope.holds(number)
    ]
    cancels = [op.block for _, op in func.calls if isinstance(op.func, str) and op.func.endswith(".cancel")]
    return any(func.encloses(final, block) for final in finals for block in cancels)


def _finding(scope: Scope, op: Leave, started: int) -> Finding:
    func = scope.func
    call = func.ops[started]
    assert isinstance(call, Call)
    return Finding(
        RULE.code,
        RULE.name,
        f"`{op.how}` leaves the task group in the middle: it waits for all its tasks first, however long they run",
        Place(func.module.path, Span(op.row, op.column, op.row, op.column + len(op.how))),
        RULE.severity,
        Confidence.LIKELY,
        related=(
            Related(func.at(scope.at), "the group that is left"),
            Related(func.at(started), f"a task is started in it: `{spell(call.func, func)}`"),
        ),
        help="cancel what is no longer wanted before leaving, or leave after the group",
        root=func.dotted,
    )


RULE = Rule(
    code="CON234",
    name="jump-out-of-task-group",
    check=check,
    by_module=True,
    severity=Severity.WARNING,
    summary="`return`, `break` or `continue` leaves a `TaskGroup` or nursery in the middle, while its tasks run.",
    why=(
        "A task group ends when its tasks have ended, by whatever way its block is left. A `return` in the middle "
        "reads like an early exit, but the function stays until the last task is done, which may be never; and if one "
        "of them fails meanwhile, an exception group takes the place of the value that was to be returned."
    ),
    use_instead=(
        "Cancel the tasks that are no longer wanted (`task.cancel()`, `group.cancel_scope.cancel()`) before leaving, "
        "or keep the result in a variable and return it after the block."
    ),
    bad="""\
import asyncio


async def heartbeat(beats):
    for _ in range(beats):
        await asyncio.sleep(0.01)


async def first_even(numbers):
    async with asyncio.TaskGroup() as group:
        group.create_task(heartbeat(20))
        for number in numbers:
            if number % 2 == 0:
                return number  # CON234
            await asyncio.sleep(0)


print(asyncio.run(first_even([1, 3, 4])))
""",
    good="""\
import asyncio


async def heartbeat(beats):
    for _ in range(beats):
        await asyncio.sleep(0.01)


async def first_even(numbers):
    async with asyncio.TaskGroup() as group:
        beating = group.create_task(heartbeat(20))
        for number in numbers:
            if number % 2 == 0:
                beating.cancel()
                return number
            await asyncio.sleep(0)


print(asyncio.run(first_even([1, 3, 4])))
""",
    cases=(
        """\
import anyio
import trio


async def work():
    await anyio.sleep(1)


async def main(batches, done):
    for batch in batches:
        async with anyio.create_task_group() as group:
            group.start_soon(work)
            if not batch:
                continue  # CON234
            group.start_soon(work)
    while True:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(work)
            if done():
                break  # CON234
            await trio.sleep(1)
""",
    ),
    near_misses=(
        NearMiss(
            "the tasks are cancelled first",
            """\
import trio


async def work():
    await trio.sleep(1)


async def main(ready):
    async with trio.open_nursery() as nursery:
        nursery.start_soon(work)
        if ready():
            nursery.cancel_scope.cancel()
            return 1
        await trio.sleep(1)
""",
        ),
        NearMiss(
            "a finally cancels them",
            """\
import anyio


async def main(handler, watch):
    async with anyio.create_task_group() as group:
        group.start_soon(watch)
        try:
            return await handler()
        finally:
            group.cancel_scope.cancel()
""",
        ),
        NearMiss(
            "nothing has been started yet",
            """\
import asyncio


async def main(jobs):
    async with asyncio.TaskGroup() as group:
        if not jobs:
            return
        for job in jobs:
            group.create_task(job)
""",
        ),
        NearMiss(
            "the loop that is left lies inside",
            """\
import asyncio


async def main(jobs):
    async with asyncio.TaskGroup() as group:
        for job in jobs:
            if job is None:
                break
            group.create_task(job)
        print("started")
""",
        ),
        NearMiss(
            "it is the last thing in the block",
            """\
import asyncio


async def main(job):
    async with asyncio.TaskGroup() as group:
        task = group.create_task(job)
        return await task
""",
        ),
    ),
    references=(
        "https://docs.python.org/3/library/asyncio-task.html#task-groups",
        "https://trio.readthedocs.io/en/stable/reference-core.html#nurseries-and-spawning",
    ),
    since="0.1",
    witness="time",
)
