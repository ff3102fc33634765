"""CON205: awaits that wait for each other without need."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from conclint.facts import Assign, Await, Call, Const, Expr, Mix, Stmt, Use
from conclint.finding import (
    Applicability,
    Confidence,
    Finding,
    Fix,
    Related,
    ReplaceStatements,
    Severity,
    Slot,
    Span,
)
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.colour import Colour, Colours
from conclint.program.contexts import Phase
from conclint.program.independence import Independence, Manners, names_in
from conclint.program.model import ClassNode, Func
from conclint.program.program import Program
from conclint.program.suspends import may_suspend
from conclint.program.values import Function, Instance
from conclint.rule import NearMiss, Rule

_ELSEWHERE = ("trio", "anyio", "curio")
_SKIPPED = (Phase.TEST, Phase.START, Phase.STOP)
_READS = re.compile(
    r"^_*(async_)?(get|fetch|load|read|list|find|query|count|lookup|search|download|resolve|describe|head)(_\w+)?$"
)
# What two objects may share without saying so.
_CONNECTION = re.compile(r"session|conn|cursor|transaction|(^|_)(db|tx|pool|engine|channel|socket|page)(_|$)")


@dataclass(frozen=True, slots=True)
class _Queries:
    """What is asked about the program."""

    program: Program
    independence: Independence
    colours: Colours


@dataclass(frozen=True, slots=True)
class _Step:
    """A statement that is `await f(…)` or `x = await f(…)` and nothing else."""

    statement: Stmt
    call: int
    waits: int
    target: str


def check(program: Program) -> Iterator[Finding]:
    """Each run of awaits, one statement after another, that are shown not to depend on each other."""
    ask = _Queries(program, Independence(program), program.colours)
    for func in program.functions():
        if not func.is_async or not func.module.reported or len(func.body.statements) < 2:
            continue
        packages = func.module.facts.packages
        if "asyncio" not in packages or any(name in packages for name in _ELSEWHERE):
            continue
        for run in _runs(ask, func):
            if program.contexts.phase(func) not in _SKIPPED and _is_free(program, func, run[0].statement.block):
                yield _finding(ask, func, run)


def _runs(ask: _Queries, func: Func) -> Iterator[list[_Step]]:
    """The longest runs of adjacent steps of which each is independent of all before it."""
    run: list[_Step] = []
    before: Stmt | None = None
    for statement in func.body.statements:
        step = _step(func, statement)
        adjacent = before is not None and before.end == statement.first and before.block == statement.block
        if adjacent and step is not None and before is not None and _has_block_between(func, before, statement):
            adjacent = False
        fits = bool(run) and adjacent and step is not None
        if fits and step is not None and all(_independent(ask, func, one, step) for one in run):
            run.append(step)
        else:
            if len(run) > 1:
                yield run
            run = [step] if step is not None else []
        before = statement
    if len(run) > 1:
        yield run


def _has_block_between(func: Func, before: Stmt, after: Stmt) -> bool:
    return any(
        block.parent == before.block and before.end_row <= block.row < after.row and block.row > before.row
        for block in func.body.blocks
    )


def _step(func: Func, statement: Stmt) -> _Step | None:
    ops = func.ops[statement.first : statement.end]
    if not ops:
        return None
    last, target = ops[-1], ""
    waits = statement.end - 1
    if isinstance(last, Assign):
        if last.how or not isinstance(last.target, str) or last.target[0] != "$" or "." in last.target:
            return None
        if not isinstance(last.value, int) or sum(isinstance(op, Assign) for op in ops) > 1:
            return None
        target, waits = last.target, last.value
    op = func.ops[waits]
    if not isinstance(op, Await) or not isinstance(op.value, int) or sum(isinstance(one, Await) for one in ops) > 1:
        return None
    if not target and op.use != Use.DISCARDED:
        return None
    call = func.ops[op.value]
    if not isinstance(call, Call) or not all(_is_plain(item) for item in (*call.args, *dict(call.keywords).values())):
        return None
    return _Step(statement, op.value, waits, target)


def _is_plain(argument: Expr) -> bool:
    """An argument that can be worked out at once, without calls."""
    if isinstance(argument, Mix):
        return argument.kind != "star" and all(_is_plain(item) for item in argument.items)
    return isinstance(argument, Const | str)


def _independent(ask: _Queries, func: Func, first: _Step, second: _Step) -> bool:
    if first.target and first.target in names_in(func, second.statement.first, second.statement.end):
        return False
    if first.target == second.target != "":
        return False
    manners = [_manners(ask, func, step) for step in (first, second)]
    if all(one is not None and one.suspends for one in manners):
        return True
    return _different_sources(ask, func, first, second)


def _manners(ask: _Queries, func: Func, step: _Step) -> Manners | None:
    values = ask.independence.settled.callee(func, step.call)
    if len(values) != 1 or not isinstance(values[0], Function) or not values[0].func.is_async:
        return None
    return ask.independence.of(values[0].func)


def _different_sources(ask: _Queries, func: Func, first: _Step, second: _Step) -> bool:
    """Two answers that are both used, read from objects of different classes that share no connection one can see."""
    owners: list[ClassNode | str] = []
    for step in (first, second):
        call = func.ops[step.call]
        assert isinstance(call, Call)
        if not step.target or step.target[1:] not in func.body.loads or not isinstance(call.func, str):
            return False
        owner, _, method = call.func.rpartition(".")
        kinds = (
            [value.type for value in ask.colours.settled.of(owner, func, step.call) if isinstance(value, Instance)]
            if owner
            else []
        )
        if not _READS.match(method) or len(kinds) != 1 or ask.colours.of_call(func, step.call) is not Colour.COROUTINE:
            return False
        if _shares_connection(ask.program, owner, kinds[0]) or not may_suspend(ask.program, func, step.waits):
            return False
        owners.append(kinds[0])
    return owners[0] != owners[1]


def _shares_connection(program: Program, owner: str, kind: ClassNode | str) -> bool:
    if _CONNECTION.search(owner):
        return True
    if isinstance(kind, str):
        return bool(_CONNECTION.search(kind.rpartition(".")[2].lower()))
    return any(
        _CONNECTION.search(name)
        for cls in program.evaluator.mro(kind)
        if isinstance(cls, ClassNode)
        for name in (*(field[0] for field in cls.fact.fields), *(one[0] for one in cls.fact.attributes))
    )


def _is_free(program: Program, func: Func, block: int) -> bool:
    """Whether nothing around the place gives the order a meaning: a lock, a session, a handler, a clean-up."""
    if guards.is_dead(func, block):
        return False
    for number, around in func.block_path(block):
        if around.kind in ("except", "finally", "try-else", "except-star"):
            return False
        if around.kind == "try" and any(
            other.partner == number and other.kind.startswith("except") for other in func.body.blocks
        ):
            return False
        if around.kind in ("with", "async-with"):
            at = around.value if isinstance(around.value, int) else -1
            values = program.evaluator.of(around.value, func, at)
            if not values or not all(getattr(value, "type", "") == "asyncio.Timeout" for value in values):
                return False
    return True


def _finding(ask: _Queries, func: Func, run: list[_Step]) -> Finding:
    labels = [_label(func, step) for step in run]
    manners = [_manners(ask, func, step) for step in run]
    shown = all(one is not None for one in manners)
    names = (
        f"`{labels[0]}` and `{labels[1]}`" if len(labels) == 2 else f"`{labels[0]}` and {len(labels) - 1} more calls"
    )
    return Finding(
        RULE.code,
        RULE.name,
        f"{names} are awaited one after the other though neither needs the other: they take the sum of their times",
        func.at(run[0].waits),
        RULE.severity,
        Confidence.CERTAIN if shown else Confidence.LIKELY,
        related=tuple(
            Related(func.at(step.waits), f"`{label}` could run meanwhile") for step, label in zip(run[1:], labels[1:])
        ),
        help=_help(any(one is not None and one.prints for one in manners)),
        fix=_mend(func, run),
        root=func.dotted,
    )


def _help(prints: bool) -> str:
    text = (
        "`asyncio.gather` runs them together: all of them start even if one fails, and the context variables they set "
        "stay theirs"
    )
    return f"{text}; what they print comes in the order of their ends" if prints else text


def _label(func: Func, step: _Step) -> str:
    call = func.ops[step.call]
    assert isinstance(call, Call)
    return spell(call.func, func)


def _mend(func: Func, run: list[_Step]) -> Fix | None:
    """One `gather` in place of the statements, where all of them or none bind a name."""
    targets = [step.target for step in run if step.target]
    if targets and len(targets) != len(run):
        return None
    first, last = run[0].statement, run[-1].statement
    slots = tuple(Slot(f"call{number}", func.span(step.call)) for number, step in enumerate(run))
    calls = ", ".join(f"{{{slot.name}}}" for slot in slots)
    bound = ", ".join(target[1:] for target in targets) + " = " if targets else ""
    span = Span(first.row, first.column, last.end_row, last.end_column)
    edit = ReplaceStatements(span, f"{bound}await {{@asyncio.gather}}({calls})", slots)
    return Fix(Applicability.UNSAFE, "run them together with `asyncio.gather`", (edit,))


RULE = Rule(
    code="CON205",
    name="sequential-awaits",
    check=check,
    by_module=True,
    severity=Severity.NOTE,
    summary="Awaits that do not depend on each other stand one after the other.",
    why=(
        "`await` waits until the coroutine has ended. Two of them in a row take the sum of their times, although an "
        "event loop could let both wait at once: nothing of the second begins before the first is done. That a "
        "function is `async` makes nothing run at the same time."
    ),
    use_instead=(
        "Start them together: `await asyncio.gather(f(), g())`, or an `asyncio.TaskGroup` where an error of one is to "
        "stop the others."
    ),
    fix=Applicability.UNSAFE,
    fix_safety=(
        "Unsafe, since it changes more than the time: if the first fails the second has begun all the same and goes "
        "on; both run in copies of the context, so that context variables which they set are not seen afterwards; "
        "output comes in the order in which they end. Only offered where all of the statements bind a name or none "
        "does."
    ),
    bad="""\
import asyncio
import time


async def say_after(delay, what):
    await asyncio.sleep(delay)
    print(what)


async def main():
    print(f"started at {time.strftime('%X')}")
    await say_after(0.1, "hello")  # CON205
    await say_after(0.2, "world")
    print(f"finished at {time.strftime('%X')}")


asyncio.run(main())
""",
    good="""\
import asyncio
import time


async def say_after(delay, what):
    await asyncio.sleep(delay)
    print(what)


async def main():
    print(f"started at {time.strftime('%X')}")
    await asyncio.gather(say_after(0.1, "hello"), say_after(0.2, "world"))
    print(f"finished at {time.strftime('%X')}")


asyncio.run(main())
""",
    cases=(
        """\
# file: sources.py
import asyncio


async def pause(seconds):
    await _pause(seconds)


async def _pause(seconds):
    await asyncio.sleep(seconds)


async def square(number):
    parts = []
    for _ in range(2):
        parts.append(number)
    await pause(1)
    return sum(parts) * number


class Weather:
    async def get_forecast(self, city):
        await asyncio.sleep(1)
        self.last = city
        return city


class Trains:
    async def fetch_times(self, city):
        await asyncio.sleep(1)
        self.last = city
        return city
# file: trip.py
import asyncio
from sources import Trains, Weather, square


async def numbers():
    first = await square(2)  # CON205
    second = await square(3)
    third = await square(4)
    return first + second + third


class Trip:
    def __init__(self):
        self.weather = Weather()
        self.trains = Trains()

    async def plan(self, city):
        forecast = await self.weather.get_forecast(city)  # CON205
        times = await self.trains.fetch_times(city)
        return forecast, times
""",
    ),
    near_misses=(
        NearMiss(
            "the second needs the result of the first",
            """\
import asyncio


async def square(number):
    await asyncio.sleep(1)
    return number * number


async def main():
    first = await square(2)
    second = await square(first)
    return second
""",
        ),
        NearMiss(
            "both work on one object or connection",
            """\
import asyncio


class Connection:
    def __init__(self, stream):
        self.stream = stream

    async def send(self, text):
        await asyncio.sleep(1)
        self.last = text

    async def get_answer(self):
        await asyncio.sleep(1)
        return await self.stream.read()


async def main(process, stream):
    connection = Connection(stream)
    await connection.send("a")
    await connection.send("b")
    one = await connection.get_answer()
    other = await connection.get_answer()
    out = await process.communicate()
    code = await process.wait()
    return one, other, out, code
""",
        ),
        NearMiss(
            "the repositories share a session that cannot do two things at once",
            """\
import asyncio


class Users:
    def __init__(self, session):
        self.session = session

    async def get(self, key):
        return await self.session.get("users", key)


class Orders:
    def __init__(self, session):
        self.session = session

    async def get(self, key):
        return await self.session.get("orders", key)


async def view(session, key):
    users = Users(session)
    orders = Orders(session)
    user = await users.get(key)
    order = await orders.get(key)
    return user, order
""",
        ),
        NearMiss(
            "what they do is seen by others",
            """\
import asyncio

log = []


async def step(name):
    await asyncio.sleep(1)
    log.append(name)


async def main():
    await step("first")
    await step("second")
""",
        ),
        NearMiss(
            "a lock is held, or a handler tells one failure from the other",
            """\
import asyncio


async def square(number):
    await asyncio.sleep(1)
    return number * number


async def locked(lock):
    async with lock:
        first = await square(2)
        second = await square(3)
    return first + second


async def handled():
    try:
        first = await square(2)
        second = await square(3)
    except ValueError:
        return 0
    return first + second
""",
        ),
        NearMiss(
            "a branch stands between them",
            """\
import asyncio


async def square(number):
    await asyncio.sleep(1)
    return number * number


async def main(wanted):
    first = await square(2)
    if not wanted:
        return first
    second = await square(3)
    return first + second
""",
        ),
        NearMiss(
            "the pauses are meant to be pauses",
            """\
import asyncio


async def main(light):
    light.on()
    await asyncio.sleep(1)
    await asyncio.sleep(2)
    light.off()
""",
        ),
        NearMiss(
            "nothing waits: together they would take as long",
            """\
import asyncio


async def square(number):
    return number * number


async def main():
    first = await square(2)
    second = await square(3)
    await asyncio.sleep(1)
    return first + second
""",
        ),
    ),
    known_problems=(
        "Most neighbouring awaits depend on each other through something that is not to be seen in the code. Only a "
        "few that certainly, or very likely, do not are reported."
    ),
    references=(
        "https://docs.python.org/3/library/asyncio-task.html#coroutines",
        "https://docs.python.org/3/library/asyncio-task.html#running-tasks-concurrently",
    ),
    since="0.1",
    witness="time",
)
