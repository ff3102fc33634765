"""CON222: a loop that sleeps until a flag of the program is set."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Await, Block, Call, Expr, Load, Test
from conclint.finding import Confidence, Finding, Place, Related, Severity, Span
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.model import Func, operands
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule
from conclint_rules.tasks.shared_state import shared_chain

_SLEEPS = frozenset(("asyncio.sleep", "anyio.sleep", "trio.sleep"))


def check(program: Program) -> Iterator[Finding]:
    """Each `while not flag:` in whose body nothing happens but a sleep."""
    for func in program.users("sleep"):
        if not func.is_async or not func.module.reported:
            continue
        for number, block in enumerate(func.body.blocks):
            if block.kind == "while" and not guards.is_dead(func, number):
                flag = _flag(func, block.value)
                slept = _only_sleeps(program, func, number) if flag else None
                if flag and slept is not None:
                    yield _finding(func, block, flag, slept)


def _flag(func: Func, test: Expr) -> str:
    """The attribute or global that a test reads, where it reads nothing else and calls nothing."""
    if any(isinstance(func.ops[number], Call | Await) for number in operands(test)):
        return ""
    if isinstance(test, Test) and test.op in ("not", "is", "is not", "=="):
        return _flag(func, test.items[0])
    return shared_chain(func, test) if isinstance(test, str) else ""


def _only_sleeps(program: Program, func: Func, loop: int) -> int | None:
    slept = None
    for index, op in enumerate(func.ops):
        if not func.encloses(loop, op.block) or isinstance(op, Load | Await):
            continue
        if not isinstance(op, Call) or op.block != loop:
            return None
        named = [one.dotted for one in program.calls.library(func, index)]
        if len(named) != 1 or named[0] not in _SLEEPS or slept is not None:
            return None
        slept = index
    return slept


def _finding(func: Func, block: Block, flag: str, slept: int) -> Finding:
    return Finding(
        RULE.code,
        RULE.name,
        f"`{spell(flag, func)}` is polled: the task wakes up for nothing each time, and late when it is set",
        Place(func.module.path, Span(block.row, block.column, block.row, block.column + len("while"))),
        RULE.severity,
        Confidence.CERTAIN,
        related=(Related(func.at(slept), "it sleeps here, and looks again"),),
        help="wait for an `Event` that is set together with the flag",
        root=func.dotted,
    )


RULE = Rule(
    code="CON222",
    name="polling-wait",
    check=check,
    by_module=True,
    severity=Severity.WARNING,
    default=False,
    summary="`while not self.ready: await asyncio.sleep(0.1)`: a task polls for state that the program sets itself.",
    why=(
        "A poll wakes the event loop over and over to find that nothing has changed, and when something has it is seen "
        "half an interval late on average. Many such loops make an idle program busy."
    ),
    use_instead="Use an `Event` (or `Condition`, `Queue`, `Future`): whoever changes the state wakes who waits for it.",
    bad="""\
import asyncio


class Service:
    def __init__(self):
        self.ready = False

    async def start(self):
        await asyncio.sleep(0.02)
        self.ready = True

    async def serve(self):
        while not self.ready:  # CON222
            await asyncio.sleep(0.005)
        print("serving")


async def main():
    service = Service()
    await asyncio.gather(service.start(), service.serve())


asyncio.run(main())
""",
    good="""\
import asyncio


class Service:
    def __init__(self):
        self.ready = asyncio.Event()

    async def start(self):
        await asyncio.sleep(0.02)
        self.ready.set()

    async def serve(self):
        await self.ready.wait()
        print("serving")


async def main():
    service = Service()
    await asyncio.gather(service.start(), service.serve())


asyncio.run(main())
""",
    cases=(
        """\
import trio

stopped = False


async def main():
    while stopped is False:  # CON222
        await trio.sleep(1)
""",
    ),
    near_misses=(
        NearMiss(
            "the state lies outside of the program",
            """\
import asyncio
from pathlib import Path


async def main(process, path: Path):
    while not path.exists():
        await asyncio.sleep(1)
    while process.poll() is None:
        await asyncio.sleep(1)
""",
        ),
        NearMiss(
            "the loop does something",
            """\
import asyncio


class Service:
    async def run(self):
        while not self.stopped:
            self.beat()
            await asyncio.sleep(1)

    async def wait(self):
        while True:
            await asyncio.sleep(1)
""",
        ),
    ),
    references=("https://docs.python.org/3/library/asyncio-sync.html#asyncio.Event",),
    since="0.1",
    witness="time",
)
