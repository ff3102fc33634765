"""CON239: a resource that is closed before the tasks that use it have ended."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Await, Block, Call, Expr
from conclint.finding import Confidence, Finding, Place, Related, Severity, Span
from conclint.program import guards
from conclint.program.model import Func, chains, last_name, parts
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule
from conclint_rules.tasks.scopes import GROUPS, TIMEOUTS, Scope, scopes

_STARTS = ("create_task", "start_soon")
# Managers whose end does nothing to what they give.
_LASTING = frozenset(("suppress", "nullcontext", "catch_warnings", "start_span", "start_as_current_span", "lock"))


def check(program: Program) -> Iterator[Finding]:
    """Each task of a group that is given what a `with` inside the group's block has opened."""
    for scope in scopes(program, GROUPS):
        func = scope.func
        for number, block in enumerate(func.body.blocks):
            if block.kind not in ("with", "async-with") or number == scope.number or not scope.holds(number):
                continue
            name = block.target if isinstance(block.target, str) else ""
            if (
                not name.startswith("$")
                or "." in name
                or guards.is_dead(func, number)
                or _is_lasting(program, func, block)
            ):
                continue
            started = _started_with(scope, number, name)
            if started is not None:
                yield _finding(scope, block, name[1:], started)


def _is_lasting(program: Program, func: Func, block: Block) -> bool:
    made = func.ops[block.value] if isinstance(block.value, int) else None
    if not isinstance(made, Call):
        return not isinstance(block.value, str) or last_name(block.value) in _LASTING
    named = [one.dotted for one in program.calls.library(func, block.value)]  # type: ignore[arg-type]  # an int, as `made` says
    return last_name(made.func) in _LASTING or any(one in GROUPS | TIMEOUTS for one in named)


def _started_with(scope: Scope, number: int, name: str) -> int | None:
    """The call that starts a task in the group with the resource, where nothing inside waits for that task."""
    func = scope.func
    if not scope.name:
        return None
    for at, call in func.calls:
        if not func.encloses(number, call.block) or call.func not in [f"${scope.name}.{start}" for start in _STARTS]:
            continue
        if any(_mentions(func, argument, name) for argument in call.args):
            return None if _waits_after(func, number, at) else at
    return None


def _mentions(func: Func, argument: Expr, name: str) -> bool:
    if any(chain == name or chain.startswith(f"{name}.") for chain in chains(argument)):
        return True
    made = func.ops[argument] if isinstance(argument, int) else None
    return isinstance(made, Call) and any(
        chain == name or chain.startswith(f"{name}.") for part in parts(made) for chain in chains(part)
    )


def _waits_after(func: Func, number: int, at: int) -> bool:
    later = [op for op in func.ops[at + 1 :] if func.encloses(number, op.block)]
    return any(isinstance(op, Await) and op.value is not None for op in later)


def _finding(scope: Scope, block: Block, name: str, started: int) -> Finding:
    func = scope.func
    call = func.ops[started]
    assert isinstance(call, Call)
    span = Span(block.row, block.column, block.row, block.column + 1)
    return Finding(
        RULE.code,
        RULE.name,
        f"`{name}` is closed where its `with` ends, and the task may run until the group ends: it finds it closed",
        func.at(started),
        RULE.severity,
        Confidence.LIKELY,
        related=(
            Related(func.at(scope.at), "the group waits for its tasks at the end of this block"),
            Related(Place(func.module.path, span), f"`{name}` is opened inside, and closed before that"),
        ),
        help="open it outside of the group, or inside of the task",
        root=func.dotted,
    )


RULE = Rule(
    code="CON239",
    name="resource-outlives-group",
    check=check,
    by_module=True,
    severity=Severity.WARNING,
    summary="A task of a `TaskGroup` or nursery is given a resource that is opened inside of the group's block.",
    why=(
        "A task group waits for its tasks where its own block ends. A `with` inside of that block ends earlier: the "
        "file, connection or temporary folder is closed while tasks of the group still use it. It works as long as the "
        "tasks are quick, and fails under load."
    ),
    use_instead="Open the resource before the group, so that it is closed after it, or let each task open its own.",
    bad="""\
import asyncio
import tempfile


async def fill(stream):
    await asyncio.sleep(0.01)
    stream.write(b"x")


async def main():
    try:
        async with asyncio.TaskGroup() as group:
            with tempfile.TemporaryFile() as stream:
                group.create_task(fill(stream))  # CON239
    except BaseException as error:
        print(error)


asyncio.run(main())
""",
    good="""\
import asyncio
import tempfile


async def fill(stream):
    await asyncio.sleep(0.01)
    stream.write(b"x")


async def main():
    try:
        with tempfile.TemporaryFile() as stream:
            async with asyncio.TaskGroup() as group:
                group.create_task(fill(stream))
    except BaseException as error:
        print(error)


asyncio.run(main())
""",
    cases=(
        """\
import aiohttp
import trio


async def fetch(session, url):
    await session.get(url)


async def main(urls):
    async with trio.open_nursery() as nursery:
        async with aiohttp.ClientSession() as session:
            for url in urls:
                nursery.start_soon(fetch, session, url)  # CON239
""",
    ),
    near_misses=(
        NearMiss(
            "the resource is opened first",
            """\
import trio


async def main(fetch, connect):
    async with connect() as session, trio.open_nursery() as nursery:
        nursery.start_soon(fetch, session)
""",
        ),
        NearMiss(
            "the task is awaited inside",
            """\
import asyncio


async def main(fetch, connect):
    async with asyncio.TaskGroup() as group:
        async with connect() as session:
            task = group.create_task(fetch(session))
            print(await task)
""",
        ),
        NearMiss(
            "the tasks do not use it",
            """\
import asyncio


async def main(fetch, connect):
    async with asyncio.TaskGroup() as group:
        async with connect() as session:
            group.create_task(fetch(1))
            print(session)
""",
        ),
        NearMiss(
            "an inner group, or a timeout, is no resource",
            """\
import trio


async def main(fetch):
    async with trio.open_nursery() as outer:
        async with trio.open_nursery() as inner:
            outer.start_soon(fetch, inner)
        with trio.move_on_after(1) as scope:
            outer.start_soon(fetch, scope)
""",
        ),
    ),
    references=(
        "https://docs.python.org/3/library/asyncio-task.html#task-groups",
        "https://trio.readthedocs.io/en/stable/reference-core.html#nurseries-and-spawning",
    ),
    since="0.1",
    witness="exc",
)
