"""CON255: `nursery.start` of a function that never says that it has started."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Call, Expr, Leave
from conclint.finding import Confidence, Finding, Related, Severity
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.contexts import Phase
from conclint.program.model import Func, argument_of, chains, parts
from conclint.program.program import Program
from conclint.program.values import Function
from conclint.rule import NearMiss, Rule
from conclint_rules.tasks.dropped import is_expected

_STARTS = frozenset(("trio.Nursery.start", "anyio.abc.TaskGroup.start"))


def check(program: Program) -> Iterator[Finding]:
    """Each awaited `start` of a function of the program that cannot call `task_status.started`."""
    for func in program.users("start"):
        if not func.module.reported or not func.module.facts.packages & {"trio", "anyio"}:
            continue
        for index in func.calls_by_name.get("start", ()):
            call = func.ops[index]
            named = [one.dotted for one in program.calls.library(func, index)]
            given = argument_of(call, "0") if isinstance(call, Call) else None
            if (
                len(named) == 1
                and named[0] in _STARTS
                and isinstance(call, Call)
                and not guards.is_dead(func, call.block)
            ):
                yield from _started(program, func, index, call, given)


def _started(program: Program, func: Func, index: int, call: Call, given: Expr) -> Iterator[Finding]:
    values = program.colours.settled.of(given, func, index) if isinstance(given, str) else ()
    if len(values) != 1 or not isinstance(values[0], Function):
        return
    callee = values[0].func
    if not callee.is_async or callee.fact.decorators or any(param.kind == "**" for param in callee.fact.params):
        return
    takes = any(param.name == "task_status" for param in callee.fact.params)
    if (takes and _may_tell(callee)) or _fails(callee) or is_expected(func, call.block):
        return
    why = "never calls `task_status.started`" if takes else "takes no `task_status`"
    happens = "`start` raises `RuntimeError` when it ends" if takes else "`start` raises `TypeError`"
    quiet = program.contexts.phase(func) is Phase.TEST
    yield Finding(
        RULE.code,
        RULE.name,
        f"`{callee.qualname}` {why}: {happens}",
        func.at(index),
        Severity.NOTE if quiet else RULE.severity,
        Confidence.CERTAIN if not guards.is_conditional(func, call.block) else Confidence.LIKELY,
        related=(Related(callee.place, f"`{callee.qualname}` is defined here"),),
        help=f"call `task_status.started()` when it is ready, or start it with `{spell(call.func, func)}_soon`",
        root=func.dotted,
    )


def _fails(callee: Func) -> bool:
    """Whether a function raises in any case: `start` then raises that error, and not one of its own."""
    return any(isinstance(op, Leave) and op.how == "raise" and op.block == 0 for op in callee.ops)


def _may_tell(callee: Func) -> bool:
    """Whether a function does anything with its `task_status`: calls it, hands it on, keeps it, in a nested one too."""
    inside = [one for one in callee.module.functions if one.is_nested_in(callee)]
    named = [chain for one in (callee, *inside) for op in one.ops for part in parts(op) for chain in chains(part)]
    named += [chain for block in callee.body.blocks for chain in chains(block.value)]
    return any("task_status" in chain for chain in named)


RULE = Rule(
    code="CON255",
    name="task-status-never-started",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary="`await nursery.start(work)` where `work` takes no `task_status`, or never calls its `started`.",
    why=(
        "`start` waits until the task says that it is ready. It hands the task a `task_status`; a function without "
        "that parameter raises `TypeError`, and one that ends without having called `started` makes `start` raise "
        "`RuntimeError`. One that never ends leaves `start` waiting for ever."
    ),
    use_instead=(
        "Give the function a parameter `task_status` (with `TASK_STATUS_IGNORED` for a default) and call "
        "`task_status.started()` when it is ready, or use `start_soon` where nobody needs to wait for that."
    ),
    bad="""\
import anyio


async def serve():
    await anyio.sleep(0.01)


async def main():
    try:
        async with anyio.create_task_group() as group:
            await group.start(serve)  # CON255
    except BaseException as error:
        print(type(error).__name__)


anyio.run(main)
""",
    good="""\
import anyio


async def serve(*, task_status=anyio.TASK_STATUS_IGNORED):
    task_status.started()
    await anyio.sleep(0.01)


async def main():
    try:
        async with anyio.create_task_group() as group:
            await group.start(serve)
    except BaseException as error:
        print(type(error).__name__)


anyio.run(main)
""",
    cases=(
        """\
import trio


class Server:
    async def serve(self, port, task_status=trio.TASK_STATUS_IGNORED):
        await trio.sleep(port)

    async def run(self):
        async with trio.open_nursery() as nursery:
            await nursery.start(self.serve, 80)  # CON255
""",
    ),
    near_misses=(
        NearMiss(
            "it fails before it could tell, or the error is expected",
            """\
import pytest
import trio


async def fails(task_status=trio.TASK_STATUS_IGNORED):
    raise ValueError


async def silent(task_status=trio.TASK_STATUS_IGNORED):
    await trio.sleep(0)


async def main():
    async with trio.open_nursery() as nursery:
        with pytest.raises(RuntimeError):
            await nursery.start(silent)
        await nursery.start(fails)
""",
        ),
        NearMiss(
            "it is called, handed on, or swallowed by keywords",
            """\
import trio


async def direct(task_status=trio.TASK_STATUS_IGNORED):
    task_status.started()


async def handed(serve, task_status=trio.TASK_STATUS_IGNORED):
    await trio.serve_tcp(serve, 0, task_status=task_status)


async def anything(**options):
    await direct(**options)


async def main():
    async with trio.open_nursery() as nursery:
        await nursery.start(direct)
        await nursery.start(handed, print)
        await nursery.start(anything)
        nursery.start_soon(trio.sleep, 1)
""",
        ),
        NearMiss(
            "another kind of start",
            """\
import threading
import trio


async def serve():
    await trio.sleep(1)


async def main(service, thread: threading.Thread):
    thread.start()
    await service.start(serve)
""",
        ),
    ),
    references=(
        "https://trio.readthedocs.io/en/stable/reference-core.html#trio.Nursery.start",
        "https://anyio.readthedocs.io/en/stable/tasks.html#starting-and-initializing-tasks",
    ),
    since="0.1",
    witness="exc",
)
