"""CON209: everything at once: a `gather` over input of any size whose coroutines open something each."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Call, Gather, Item, Mix, Seq
from conclint.finding import Confidence, Finding, Related, Severity
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.contexts import Phase
from conclint.program.model import Func, last_name
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule

# What takes a file descriptor, by the last name under which it is called.
_OPENS = frozenset(
    ("open", "open_connection", "open_unix_connection", "create_connection", "create_subprocess_exec", "connect")
) | {"create_subprocess_shell", "ClientSession", "AsyncClient", "open_tcp_stream", "connect_tcp", "urlopen", "request"}
_LIMITS = frozenset(("Semaphore", "BoundedSemaphore", "CapacityLimiter", "acquire", "Limiter", "islice", "batched"))
_QUIET = (Phase.TEST, Phase.BENCHMARK)


def check(program: Program) -> Iterator[Finding]:
    """Each `gather` over a comprehension whose coroutine opens a connection, file or process without a limit."""
    for func in program.users("gather"):
        if not func.module.reported or not _LIMITS.isdisjoint(func.fact.names):
            continue
        for index in func.calls_by_name.get("gather", ()):
            call = func.ops[index]
            if not isinstance(call, Call) or guards.is_dead(func, call.block):
                continue
            made = _made_for_each(func, call)
            opened = _opens(program, func, made) if made is not None else None
            if made is not None and opened is not None:
                if [one.dotted for one in program.calls.library(func, index)] == ["asyncio.gather"]:
                    yield _finding(program, func, index, made, opened)


def _made_for_each(func: Func, call: Call) -> int | None:
    """The call that makes a coroutine for each element of input whose size is not written down."""
    for argument in call.args:
        at = argument.items[0] if isinstance(argument, Mix) and argument.kind == "star" else None
        if isinstance(at, str) and at.startswith("$") and len(func.assignments.get(at[1:], ())) == 1:
            at = func.assignments[at[1:]][0][1].value
        made = func.ops[at] if isinstance(at, int) else None
        if isinstance(made, Gather) and isinstance(made.element, int) and isinstance(func.ops[made.element], Call):
            over = func.body.blocks[made.inner].value
            counted = func.ops[over] if isinstance(over, int) else None
            short = isinstance(over, Seq | Item) or (isinstance(counted, Call) and counted.func == "builtins.range")
            return None if short else made.element
    return None


def _opens(program: Program, func: Func, made: int) -> tuple[Func, int] | None:
    """Where a coroutine that is started for each element opens something, if nothing in it limits how many do."""
    for target in program.calls.targets(func, made):
        one = target.func
        if not one.is_async or not _LIMITS.isdisjoint(one.fact.names):
            return None
        for at, call in one.calls:
            if last_name(call.func) in _OPENS and program.calls.library(one, at):
                return None if _is_limited(one, call.block) else (one, at)
    return None


def _is_limited(func: Func, block: int) -> bool:
    """Whether something that was there before is entered around a block: a semaphore, or its like."""
    return any(around.kind == "async-with" and isinstance(around.value, str) for _, around in func.block_path(block))


def _finding(program: Program, func: Func, index: int, made: int, opened: tuple[Func, int]) -> Finding:
    one, at = opened
    inner, call = one.ops[at], func.ops[made]
    assert isinstance(inner, Call)
    assert isinstance(call, Call)
    quiet = program.contexts.phase(func) in _QUIET
    return Finding(
        RULE.code,
        RULE.name,
        f"all `{spell(call.func, func)}` are started at once, and each opens something: with enough input the process "
        "runs out of file descriptors",
        func.at(index),
        Severity.NOTE if quiet else RULE.severity,
        Confidence.LIKELY,
        related=(Related(one.at(at), f"`{one.qualname}` calls `{spell(inner.func, one)}`"),),
        help="let a `Semaphore` limit how many run at a time: `conclint_runtime.aio.map_limited`",
        root=func.dotted,
    )


RULE = Rule(
    code="CON209",
    name="unbounded-gather",
    check=check,
    by_module=True,
    severity=Severity.WARNING,
    default=False,
    summary="`gather` over input of any size, each coroutine of which opens a connection, a file or a process.",
    why=(
        "`gather` starts everything it is given at once. A coroutine that opens something takes a file descriptor, of "
        "which a process has a thousand or so: with enough input the rest fails with `OSError: too many open files`, "
        "and the service on the other side sees all requests in the same moment."
    ),
    use_instead=(
        "Limit how many run at a time: a `Semaphore` around the body of the coroutine, or a fixed number of workers "
        "that take from a queue."
    ),
    bad="""\
import asyncio
import os
import sys


async def size(path):
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "pass")
    await process.wait()
    return os.path.getsize(path)


async def main(paths):
    print(len(await asyncio.gather(*(size(path) for path in paths))))  # CON209


asyncio.run(main([sys.executable] * 3))
""",
    good="""\
import asyncio
import os
import sys

AT_ONCE = asyncio.Semaphore(2)


async def size(path):
    async with AT_ONCE:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", "pass")
        await process.wait()
        return os.path.getsize(path)


async def main(paths):
    print(len(await asyncio.gather(*(size(path) for path in paths))))


asyncio.run(main([sys.executable] * 3))
""",
    near_misses=(
        NearMiss(
            "a semaphore limits them, here or there",
            """\
import asyncio


async def fetch(host, limit):
    async with limit:
        await asyncio.open_connection(host, 80)


async def main(hosts):
    limit = asyncio.Semaphore(10)
    await asyncio.gather(*(fetch(host, limit) for host in hosts))
""",
        ),
        NearMiss(
            "as many as are written down",
            """\
import asyncio


async def fetch(host):
    await asyncio.open_connection(host, 80)


async def main():
    await asyncio.gather(*(fetch(host) for host in ("a", "b")))
    await asyncio.gather(*(fetch(str(number)) for number in range(3)))
""",
        ),
        NearMiss(
            "nothing is opened",
            """\
import asyncio


async def wait(seconds):
    await asyncio.sleep(seconds)


async def main(times):
    await asyncio.gather(*(wait(seconds) for seconds in times))
""",
        ),
    ),
    references=("https://docs.python.org/3/library/asyncio-sync.html#asyncio.Semaphore",),
    since="0.1",
    witness="exc",
)
