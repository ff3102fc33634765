"""CON221: an event loop that is made and closed in each turn of a loop."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Const
from conclint.finding import Confidence, Finding, Place, Related, Severity, Span
from conclint.program import guards
from conclint.program.contexts import Phase
from conclint.program.model import LOOPS, Func
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule
from conclint_rules.tasks.dropped import is_expected

_QUIET = (Phase.TEST, Phase.BENCHMARK)
_RUN = "asyncio.run"
_LEAVES = frozenset(("return", "break", "raise"))


def check(program: Program) -> Iterator[Finding]:
    """Each `asyncio.run` that stands in a loop which goes on after it."""
    for func in program.users("run"):
        if not func.module.reported or func.is_async:
            continue
        for index in func.calls_by_name.get("run", ()):
            loop = func.loop_around(func.ops[index].block)
            if loop < 0 or [one.dotted for one in program.calls.library(func, index)] != [_RUN]:
                continue
            if not _is_meant(func, func.ops[index].block, loop):
                yield _finding(program, func, index, loop)


def _is_meant(func: Func, block: int, loop: int) -> bool:
    """Whether the loop is one of attempts, one that waits for what comes from outside, or a test's own."""
    if guards.is_dead(func, block) or is_expected(func, block):
        return True
    around = func.body.blocks[loop]
    if around.kind == "while" and (around.value is None or isinstance(around.value, Const)):
        return True
    return any(inner.exits in _LEAVES and func.encloses(loop, number) for number, inner in enumerate(func.body.blocks))


def _finding(program: Program, func: Func, index: int, loop: int) -> Finding:
    head = func.body.blocks[loop]
    assert head.kind in LOOPS
    quiet = program.contexts.phase(func) in _QUIET
    return Finding(
        RULE.code,
        RULE.name,
        "`asyncio.run` stands in a loop: each turn makes an event loop and closes it, and nothing runs beside it",
        func.at(index),
        Severity.NOTE if quiet else RULE.severity,
        Confidence.CERTAIN,
        related=(
            Related(
                Place(func.module.path, Span(head.row, head.column, head.row, head.column + 3)), "the loop around it"
            ),
        ),
        help="put the loop into a coroutine, and run that once",
        root=func.dotted,
    )


RULE = Rule(
    code="CON221",
    name="run-per-iteration",
    check=check,
    by_module=True,
    severity=Severity.WARNING,
    summary="`asyncio.run` is called in each turn of a loop.",
    why=(
        "`asyncio.run` makes an event loop with its selector and sockets, runs one coroutine, shuts down the default "
        "executor and closes everything again. In a loop that costs more than most coroutines do, connections and "
        "caches that belong to a loop cannot be kept from one turn to the next, and no two turns overlap."
    ),
    use_instead=(
        "Move the loop into an `async def` and call `asyncio.run` once. Inside, `asyncio.gather` or a `TaskGroup` can "
        "run the turns beside each other. Where the turns must stay apart, an `asyncio.Runner` keeps one loop for them."
    ),
    bad="""\
import asyncio


async def step(board):
    await asyncio.sleep(0)
    return board + 1


board = 0
for _ in range(3):
    board = asyncio.run(step(board))  # CON221
print(board)
""",
    good="""\
import asyncio


async def step(board):
    await asyncio.sleep(0)
    return board + 1


async def main():
    board = 0
    for _ in range(3):
        board = await step(board)
    return board


print(asyncio.run(main()))
""",
    cases=(
        """\
import asyncio


async def fetch(url):
    return url


def crawl(urls):
    pages = [asyncio.run(fetch(url)) for url in urls]  # CON221
    while len(pages) < 10:
        if pages:
            pages.append(asyncio.run(fetch(pages[0])))  # CON221
    return pages
""",
    ),
    near_misses=(
        NearMiss(
            "it is tried again until it works",
            """\
import asyncio


async def connect():
    pass


def main():
    for _ in range(3):
        try:
            asyncio.run(connect())
            break
        except OSError:
            print("again")


def other():
    for _ in range(3):
        try:
            return asyncio.run(connect())
        except OSError:
            print("again")
""",
        ),
        NearMiss(
            "each turn waits for a person or for the next job",
            """\
import asyncio


async def answer(text):
    print(text)


def main(queue):
    while True:
        asyncio.run(answer(input("> ")))
""",
        ),
        NearMiss(
            "the loop is inside",
            """\
import asyncio


async def main():
    for _ in range(3):
        await asyncio.sleep(0)


asyncio.run(main())
""",
        ),
        NearMiss(
            "something else is run",
            """\
import subprocess


def main(commands):
    for command in commands:
        subprocess.run(command, check=True)
""",
        ),
        NearMiss(
            "one loop for all turns",
            """\
import asyncio


async def step():
    pass


def main():
    with asyncio.Runner() as runner:
        for _ in range(3):
            runner.run(step())
""",
        ),
    ),
    references=(
        "https://docs.python.org/3/library/asyncio-runner.html#asyncio.run",
        "https://docs.python.org/3/library/asyncio-runner.html#asyncio.Runner",
    ),
    since="0.1",
    witness="time",
)
