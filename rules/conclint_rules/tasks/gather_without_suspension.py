"""CON231: coroutines that never suspend, gathered as if they would overlap."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Await, Call, Gather, Mix
from conclint.finding import Confidence, Finding, Related, Severity
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.contexts import Phase
from conclint.program.model import LOOPS, Func
from conclint.program.program import Program
from conclint.program.suspends import call_may_suspend
from conclint.rule import NearMiss, Rule

_QUIET = (Phase.TEST,)


def check(program: Program) -> Iterator[Finding]:
    """Each `asyncio.gather` all of whose coroutines are known, and never suspend."""
    for func in program.users("gather"):
        if not func.module.reported:
            continue
        for index in func.calls_by_name.get("gather", ()):
            call = func.ops[index]
            if not isinstance(call, Call) or guards.is_dead(func, call.block):
                continue
            made = _coroutines(func, call)
            if made and [one.dotted for one in program.calls.library(func, index)] == ["asyncio.gather"]:
                if all(_runs_through(program, func, at) for at in made):
                    yield _finding(program, func, index, made)


def _coroutines(func: Func, call: Call) -> list[int]:
    """The calls that make what is gathered; none where one of them is not seen, or there is but one."""
    found: list[int] = []
    many = len(call.args) > 1
    for argument in call.args:
        at = argument.items[0] if isinstance(argument, Mix) and argument.kind == "star" else argument
        if isinstance(at, str) and at.startswith("$") and func.is_bound_once(at[1:]) and at[1:] in func.assignments:
            at = func.assignments[at[1:]][0][1].value
        made = func.ops[at] if isinstance(at, int) else None
        if isinstance(made, Gather) and isinstance(made.element, int):
            many, at = True, made.element
            made = func.ops[at]
        if not isinstance(at, int) or not isinstance(made, Call):
            return []
        found.append(at)
    return found if many else []


def _runs_through(program: Program, func: Func, at: int) -> bool:
    """Whether a call makes a coroutine of the program that does some work and never gives up control."""
    targets = program.calls.targets(func, at)
    if not targets or not all(target.func.is_async for target in targets) or call_may_suspend(program, func, at):
        return False
    return all(_works(target.func) for target in targets)


def _works(func: Func) -> bool:
    """Whether it loops or awaits others of its kind: anything shorter costs little, and may be a sketch."""
    return any(block.kind in LOOPS for block in func.body.blocks) or any(isinstance(op, Await) for op in func.ops)


def _finding(program: Program, func: Func, index: int, made: list[int]) -> Finding:
    call = func.ops[made[0]]
    assert isinstance(call, Call)
    label = spell(call.func, func)
    quiet = program.contexts.phase(func) in _QUIET
    return Finding(
        RULE.code,
        RULE.name,
        f"`{label}` never suspends: gathered, its coroutines run one after the other, and each costs a task besides",
        func.at(index),
        Severity.NOTE if quiet else RULE.severity,
        Confidence.LIKELY,
        related=tuple(
            Related(target.func.place, f"`{target.func.qualname}` waits for nothing")
            for target in program.calls.targets(func, made[0])
        ),
        help="call plain functions in a loop; to use more than one core, hand them to a process pool",
        root=func.dotted,
    )


RULE = Rule(
    code="CON231",
    name="gather-without-suspension",
    check=check,
    by_module=True,
    severity=Severity.NOTE,
    summary="Coroutines that never suspend are run with `asyncio.gather`.",
    why=(
        "Tasks overlap only where they wait. A coroutine whose body awaits nothing that gives up control runs from "
        "start to end in one go, so gathering a thousand of them runs them one after the other on one thread, as a "
        "loop would, plus the cost of a thousand tasks: forty times as much was seen for small bodies. No other task "
        "of the event loop gets a turn meanwhile."
    ),
    use_instead=(
        "Make them plain functions and call them in a loop. Work for the processor goes to a process pool, or to a "
        "thread if the loop has other things to do."
    ),
    bad="""\
import asyncio


async def alive(neighbours):
    total = 0
    for neighbour in neighbours:
        total += neighbour
    return total == 3


async def main():
    print(await asyncio.gather(*(alive([1, 1, n]) for n in range(3))))  # CON231


asyncio.run(main())
""",
    good="""\
def alive(neighbours):
    total = 0
    for neighbour in neighbours:
        total += neighbour
    return total == 3


def main():
    print([alive([1, 1, n]) for n in range(3)])


main()
""",
    cases=(
        """\
import asyncio


class Grid:
    async def logic(self, cell):
        return bool(cell)

    async def step(self, cell):
        for _ in range(3):
            cell = await self.logic(cell)
        return cell

    async def simulate(self, cells):
        steps = [self.step(cell) for cell in cells]
        return await asyncio.gather(*steps)  # CON231
""",
    ),
    near_misses=(
        NearMiss(
            "one of them waits for something",
            """\
import asyncio


async def quick(item):
    for _ in range(3):
        print(item)


async def slow(item):
    for _ in range(3):
        await asyncio.sleep(1)


async def main(items):
    await asyncio.gather(quick(1), slow(2))
    await asyncio.gather(*(slow(item) for item in items))
""",
        ),
        NearMiss(
            "what they await is not known",
            """\
import asyncio


async def fetch(client, item):
    for _ in range(3):
        await client.get(item)


async def main(client, items):
    await asyncio.gather(*(fetch(client, item) for item in items))
""",
        ),
        NearMiss(
            "a subclass may wait",
            """\
import asyncio


class Source:
    async def read(self):
        for _ in range(3):
            print("nothing")


class Remote(Source):
    async def read(self):
        await asyncio.sleep(1)


async def main(sources: list[Source]):
    await asyncio.gather(*(source.read() for source in sources))
""",
        ),
        NearMiss(
            "a sketch that will wait one day",
            """\
import asyncio


async def fetch(item):
    return item


async def main(items):
    await asyncio.gather(*(fetch(item) for item in items))
""",
        ),
    ),
    references=("https://docs.python.org/3/library/asyncio-task.html#running-tasks-concurrently",),
    since="0.1",
    witness="time",
)
