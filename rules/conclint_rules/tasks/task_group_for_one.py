"""CON236: a task group that starts a single task."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Await, Call
from conclint.finding import Confidence, Finding, Related, Severity
from conclint.program import guards
from conclint.program.model import Func, chains, parts
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule
from conclint_rules.tasks.scopes import GROUPS, Scope, scopes

_STARTS = ("create_task", "start_soon")


def check(program: Program) -> Iterator[Finding]:
    """Each task group in whose block one task is started and nothing else is awaited."""
    for scope in scopes(program, GROUPS):
        func = scope.func
        if not scope.name or guards.is_dead(func, scope.number):
            continue
        started = _only_start(scope)
        if started is not None:
            yield Finding(
                RULE.code,
                RULE.name,
                "the task group starts one task and waits for it: a plain `await` does the same with less",
                func.at(scope.at),
                RULE.severity,
                Confidence.CERTAIN,
                related=(Related(func.at(started), "the only task"),),
                help="await the coroutine itself",
                root=func.dotted,
            )


def _only_start(scope: Scope) -> int | None:
    """The one call that starts a task, if the group is used for nothing else and the block awaits nothing."""
    func = scope.func
    found = None
    for at, op in enumerate(func.ops):
        if not scope.holds(op.block) or at == scope.at:
            continue
        if isinstance(op, Await) and op.value is not None:
            return None
        named = [chain for part in parts(op) for chain in chains(part)]
        if not any(chain == f"${scope.name}" or chain.startswith(f"${scope.name}.") for chain in named):
            continue
        if isinstance(op, Call) and any(f"${scope.name}" in chains(argument) for argument in op.args):
            return None
        if not isinstance(op, Call) or op.func not in [f"${scope.name}.{method}" for method in _STARTS]:
            continue
        if found is not None or func.loop_around(op.block) > scope.number:
            return None
        found = at
    return found if found is not None and not _is_shared(func, scope.name) else None


def _is_shared(func: Func, name: str) -> bool:
    """Whether a nested function uses the group too."""
    nested = [one for one in func.module.functions if one.is_nested_in(func)]
    named = [chain for one in nested for op in one.ops for part in parts(op) for chain in chains(part)]
    return any(chain.partition(".")[0].endswith(f":{name}") for chain in named)


RULE = Rule(
    code="CON236",
    name="task-group-for-one",
    check=check,
    by_module=True,
    severity=Severity.NOTE,
    default=False,
    summary="A `TaskGroup` or nursery in which one task is started, and nothing else done.",
    why=(
        "A task group is there to run several things beside each other. For a single one it only adds a task, a level "
        "of indentation, and exceptions that come in groups, which callers must take apart."
    ),
    use_instead="Await the coroutine itself.",
    bad="""\
import asyncio


async def work():
    await asyncio.sleep(0.01)
    print("done")


async def main():
    async with asyncio.TaskGroup() as group:  # CON236
        group.create_task(work())


asyncio.run(main())
""",
    good="""\
import asyncio


async def work():
    await asyncio.sleep(0.01)
    print("done")


async def main():
    await work()


asyncio.run(main())
""",
    cases=(
        """\
import trio


async def main(work):
    async with trio.open_nursery() as nursery:  # CON236
        nursery.start_soon(work)
""",
    ),
    near_misses=(
        NearMiss(
            "several tasks",
            """\
import asyncio


async def main(first, second, more):
    async with asyncio.TaskGroup() as group:
        group.create_task(first())
        group.create_task(second())
    async with asyncio.TaskGroup() as group:
        for one in more:
            group.create_task(one())
""",
        ),
        NearMiss(
            "the block does something beside the task",
            """\
import asyncio


async def main(watch, work):
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(watch())
        await work()
        watching.cancel()
""",
        ),
        NearMiss(
            "others start tasks in it too",
            """\
import trio


async def main(serve, accept):
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve, nursery)
""",
        ),
    ),
    references=("https://docs.python.org/3/library/asyncio-task.html#task-groups",),
    since="0.1",
    witness="time",
)
