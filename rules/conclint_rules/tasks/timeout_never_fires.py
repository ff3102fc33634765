"""CON232: a timeout around code that never gives it a chance to fire."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conclint.facts import Await, Call, Op, Seq, Yield
from conclint.finding import Confidence, Finding, Related, Severity
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.model import Func, chains, last_name
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule
from conclint_rules.tasks.dropped import is_expected
from conclint_rules.tasks.scopes import TIMEOUTS, Scope, scopes

_ASYNC = ("async-for", "async-comp", "async-with")
# These raise at their deadline, around the block: a handler inside sees nothing of it.
_RAISE_OUTSIDE = frozenset(
    (
        *("asyncio.timeout", "asyncio.timeout_at", "async_timeout.timeout", "async_timeout.timeout_at"),
        *("anyio.fail_after", "trio.fail_after", "trio.fail_at"),
    )
)
# What is awaited here raises no `TimeoutError` of its own.
_QUIET = frozenset(("asyncio.sleep", "anyio.sleep", "trio.sleep", "asyncio.Event.wait", "asyncio.Queue.get"))
_ERRORS = ("TimeoutError", "TooSlowError")


def check(program: Program) -> Iterator[Finding]:
    """Each timeout without an await in it, and each handler inside a timeout that waits for that timeout's error."""
    for scope in scopes(program, TIMEOUTS):
        func = scope.func
        if guards.is_dead(func, scope.number) or is_expected(func, scope.block.parent):
            continue
        inside = [op for op in func.ops if scope.holds(op.block) and op is not func.ops[scope.at]]
        if not _may_suspend(scope, inside) and any(isinstance(op, Call) for op in inside):
            yield _finding(
                scope,
                f"`{_label(scope)}` holds no `await`: its time can run out, but nothing in it can be interrupted",
                "await what takes the time inside, or run it in a thread and await that",
            )
        elif scope.kind in _RAISE_OUTSIDE:
            yield from _caught_inside(program, scope)


def _label(scope: Scope) -> str:
    call = scope.func.ops[scope.at]
    return spell(call.func, scope.func) if isinstance(call, Call) else scope.kind


def _may_suspend(scope: Scope, inside: Sequence[Op]) -> bool:
    """Whether control may be given up in the block, by this function or by who takes what it yields."""
    func = scope.func
    if not func.is_async or any(isinstance(op, Yield) for op in inside):
        return True
    awaits = [op for op in inside if isinstance(op, Await) and (op.value is not None or op.block != scope.number)]
    within = [number for number, _ in enumerate(func.body.blocks) if scope.holds(number) and number != scope.number]
    return bool(awaits) or any(func.body.blocks[number].kind in _ASYNC for number in within)


def _caught_inside(program: Program, scope: Scope) -> Iterator[Finding]:
    func = scope.func
    for number, block in enumerate(func.body.blocks):
        if block.kind != "except" or not scope.holds(number) or not _is_timeout(block.value):
            continue
        tried = [
            at for at, op in enumerate(func.ops) if func.encloses(block.partner, op.block) and isinstance(op, Await)
        ]
        if tried and all(_is_quiet(program, func, at) for at in tried):
            if func.body.blocks[block.partner].parent == scope.number:
                yield _finding(
                    scope,
                    f"the handler inside `{_label(scope)}` waits for its `TimeoutError`, which is only raised when the "
                    "block is left: it never runs",
                    "put the `try` around the timeout",
                )
                return


def _is_timeout(types: object) -> bool:
    named = types.items if isinstance(types, Seq) else (types,)
    return any(last_name(one) in _ERRORS for item in named for one in chains(item))  # type: ignore[arg-type]  # types are expressions


def _is_quiet(program: Program, func: Func, at: int) -> bool:
    op = func.ops[at]
    value = op.value if isinstance(op, Await) else None
    return isinstance(value, int) and any(one.dotted in _QUIET for one in program.calls.library(func, value))


def _finding(scope: Scope, message: str, advice: str) -> Finding:
    return Finding(
        RULE.code,
        RULE.name,
        message,
        scope.func.at(scope.at),
        RULE.severity,
        Confidence.CERTAIN,
        related=(Related(scope.func.place, f"in `{scope.func.qualname}`"),),
        help=advice,
        root=scope.func.dotted,
    )


RULE = Rule(
    code="CON232",
    name="timeout-never-fires",
    check=check,
    by_module=True,
    severity=Severity.WARNING,
    summary="A timeout is put around code without an `await`, or its own error is caught inside of it.",
    why=(
        "A timeout interrupts a task where it waits: the task is cancelled at its next `await`. Code without one runs "
        "to its end however long that takes, and the timeout only looks as if it limited something. Its error is "
        "raised at the end of the block, in place of the cancellation, so a `try` inside the block cannot catch it."
    ),
    use_instead=(
        "Put the timeout around what is awaited. Synchronous work is limited by running it in a thread or process and "
        "awaiting that. Catch the error around the `async with`."
    ),
    bad="""\
import asyncio


def work():
    return sum(range(100_000))


async def main():
    async with asyncio.timeout(0.001):  # CON232
        print(work())


asyncio.run(main())
""",
    good="""\
import asyncio


def work():
    return sum(range(100_000))


async def main():
    async with asyncio.timeout(60):
        print(await asyncio.to_thread(work))


asyncio.run(main())
""",
    cases=(
        """\
import asyncio
import anyio
import trio


async def parse(text):
    with anyio.fail_after(1):  # CON232
        for line in text:
            print(line)
    with trio.move_on_after(1):  # CON232
        print(text)


async def caught():
    async with asyncio.timeout(1):  # CON232
        try:
            await asyncio.sleep(60)
        except TimeoutError:
            print("too slow")
""",
    ),
    near_misses=(
        NearMiss(
            "something is awaited inside",
            """\
import asyncio
import anyio


async def main(jobs, lock):
    async with asyncio.timeout(1):
        for job in jobs:
            await job
    async with asyncio.timeout(1), lock:
        print("locked")
    async with asyncio.timeout(1):
        async for job in jobs:
            print(job)
    with anyio.move_on_after(1):
        async with anyio.create_task_group() as group:
            group.start_soon(print)
""",
        ),
        NearMiss(
            "a context manager whose user awaits inside",
            """\
import asyncio
from contextlib import asynccontextmanager


@asynccontextmanager
async def limited():
    async with asyncio.timeout(1):
        yield
""",
        ),
        NearMiss(
            "what is awaited inside has a timeout of its own",
            """\
import asyncio


async def main(read):
    async with asyncio.timeout(10):
        try:
            await asyncio.wait_for(read(), 1)
        except TimeoutError:
            print("one read was too slow")
        try:
            await read()
        except TimeoutError:
            print("and so was the other")
""",
        ),
        NearMiss(
            "the handler is around the timeout",
            """\
import asyncio


async def main():
    try:
        async with asyncio.timeout(1):
            await asyncio.sleep(60)
    except TimeoutError:
        print("too slow")
""",
        ),
        NearMiss(
            "an empty scope that only shows the deadline",
            """\
import asyncio


async def main():
    async with asyncio.timeout(1) as scope:
        pass
    print(scope)
""",
        ),
    ),
    references=(
        "https://docs.python.org/3/library/asyncio-task.html#asyncio.timeout",
        "https://anyio.readthedocs.io/en/stable/cancellation.html",
        "https://trio.readthedocs.io/en/stable/reference-core.html#cancellation-and-timeouts",
    ),
    since="0.1",
    witness="time",
)
