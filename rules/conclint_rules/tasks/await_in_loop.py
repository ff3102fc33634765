"""CON206: one await after the other, for each of many items."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conclint.facts import Await, Call, Gather, Load
from conclint.finding import (
    Applicability,
    Confidence,
    Finding,
    Fix,
    Place,
    Related,
    ReplaceExpression,
    Severity,
    Slot,
    Span,
)
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.colour import Colour
from conclint.program.model import Func, chains
from conclint.program.program import Program
from conclint.program.suspends import call_may_suspend
from conclint.rule import NearMiss, Rule
from conclint_rules.tasks.shared_state import under_lock

_CONNECTION = re.compile(r"(^|[_$])(session|conn|connection|cursor|transaction|txn?|tx)$", re.IGNORECASE)
_QUEUES = frozenset(
    ("get", "put", "read", "readline", "readuntil", "readexactly", "recv", "receive", "join", "acquire")
)


def check(program: Program) -> Iterator[Finding]:
    """Each comprehension or loop that awaits one coroutine function of the program for each item and does no more."""
    names = program.definitions.giving_coroutines()
    for func in program.users("__iter__"):
        if not func.is_async or not func.module.reported or names.isdisjoint(func.fact.names):
            continue
        for index, op in enumerate(func.ops):
            if isinstance(op, Gather) and op.kind == "list" and isinstance(op.element, int):
                yield from _comprehension(program, func, index, op)
        for number, block in enumerate(func.body.blocks):
            if block.kind == "for":
                at = _only_await(func, number)
                if at is not None and _is_independent(program, func, at, number):
                    span = Span(block.row, block.column, block.row, block.column + len("for"))
                    yield _finding(func, at, Place(func.module.path, span), None)


def _comprehension(program: Program, func: Func, index: int, op: Gather) -> Iterator[Finding]:
    waited = func.ops[op.element] if isinstance(op.element, int) else None
    plain = func.body.blocks[op.inner].kind == "comp" and func.body.blocks[op.inner].parent == op.block
    if isinstance(waited, Await) and plain and _is_independent(program, func, op.element, op.inner):  # type: ignore[arg-type]  # an int, as `waited` says
        span = func.span(index)
        slots = (Slot("call", span, "elt.value"), Slot("clauses", span, "clauses"))
        edit = ReplaceExpression(span, "list(await {@asyncio.gather}(*({call} {clauses})))", slots)
        fix = Fix(Applicability.UNSAFE, "run them together with `asyncio.gather`", (edit,))
        yield _finding(func, op.element, func.at(index), fix)  # type: ignore[arg-type]  # an int, as `waited` says


def _only_await(func: Func, loop: int) -> int | None:
    """The await of a loop in whose body nothing else happens than that its result is put into a list."""
    inside = [(at, op) for at, op in enumerate(func.ops) if func.encloses(loop, op.block)]
    awaits = [at for at, op in inside if isinstance(op, Await)]
    if len(awaits) != 1 or any(op.block != loop for _, op in inside):
        return None
    value = func.ops[awaits[0]]
    assert isinstance(value, Await)
    others = [op for at, op in inside if at not in (awaits[0], value.value) and isinstance(op, Call)]
    if any(not isinstance(op.func, str) or not op.func.endswith(".append") for op in others) or len(others) > 1:
        return None
    kept = all(isinstance(op, Await | Call | Load) or getattr(op, "how", "") == "for" for _, op in inside)
    return awaits[0] if kept else None


def _is_independent(program: Program, func: Func, at: int, loop: int) -> bool:
    """Whether the turns do not need each other: what is awaited is a coroutine of the program on no shared stream."""
    waited = func.ops[at]
    if not isinstance(waited, Await) or not isinstance(waited.value, int):
        return False
    call = func.ops[waited.value]
    if not isinstance(call, Call) or not isinstance(call.func, str) or call.func.rpartition(".")[2] in _QUEUES:
        return False
    if program.colours.of_call(func, waited.value) is not Colour.COROUTINE or not call_may_suspend(
        program, func, waited.value
    ):
        return False
    if not program.calls.targets(func, waited.value) or not (call.args or call.keywords):
        return False
    if _on_one_connection(call):
        return False
    return not under_lock(program, func, loop) and not guards.is_dead(func, waited.block)


def _on_one_connection(call: Call) -> bool:
    """Whether all turns are given the same connection, session or cursor, which takes one call at a time."""
    given = [*call.args, *(value for _, value in call.keywords), call.func]
    return any(_CONNECTION.search(part) for value in given for chain in chains(value) for part in chain.split("."))


def _finding(func: Func, at: int, place: Place, fix: Fix | None) -> Finding:
    waited = func.ops[at]
    call = func.ops[waited.value] if isinstance(waited, Await) and isinstance(waited.value, int) else None
    label = spell(call.func, func) if isinstance(call, Call) else "it"
    return Finding(
        RULE.code,
        RULE.name,
        f"`{label}` is awaited for one item after the other: the times add up, where they could overlap",
        place,
        RULE.severity,
        Confidence.LIKELY,
        related=(Related(func.at(at), "the next turn begins when this is done"),),
        help="run them together with `asyncio.gather` or a `TaskGroup`, with a limit where there may be many",
        fix=fix,
        root=func.dotted,
    )


RULE = Rule(
    code="CON206",
    name="await-in-loop",
    check=check,
    by_module=True,
    severity=Severity.NOTE,
    default=False,
    summary="A coroutine is awaited for each item of a loop, one after the other.",
    why=(
        "`await` in a loop waits for each item before it begins the next. Where the items have nothing to do with each "
        "other the waiting times could overlap: twenty requests of a tenth of a second take two seconds in a loop, and "
        "a tenth together."
    ),
    use_instead=(
        "`asyncio.gather` over a generator expression, a `TaskGroup`, or with many items something that limits how "
        "many run at a time, such as `conclint_runtime.aio.map_limited`."
    ),
    fix=Applicability.UNSAFE,
    fix_safety=(
        "Unsafe: together the calls start in order but end in any, an exception of one no longer keeps the later ones "
        "from starting, each runs in a copy of the context, and all of them are under way at once."
    ),
    bad="""\
import asyncio


async def fetch(name):
    await asyncio.sleep(0.01)
    return name.upper()


async def main():
    print([await fetch(name) for name in "abc"])  # CON206


asyncio.run(main())
""",
    good="""\
import asyncio


async def fetch(name):
    await asyncio.sleep(0.01)
    return name.upper()


async def main():
    print(list(await asyncio.gather(*(fetch(name) for name in "abc"))))


asyncio.run(main())
""",
    cases=(
        """\
import asyncio


class Store:
    async def load(self, key):
        await asyncio.sleep(1)
        return key

    async def all(self, keys):
        found = []
        for key in keys:  # CON206
            found.append(await self.load(key))
        return found
""",
    ),
    near_misses=(
        NearMiss(
            "all turns share a session, which takes one call at a time",
            """\
import asyncio


async def load(session, name):
    await asyncio.sleep(0.01)
    return await session.get(name)


async def main(session, names):
    return [await load(session=session, name=name) for name in names]
""",
        ),
        NearMiss(
            "one turn needs the one before",
            """\
import asyncio


async def step(state):
    await asyncio.sleep(1)
    return state + 1


async def main(state):
    for _ in range(3):
        state = await step(state)
    for _ in range(3):
        if await step(state) > 3:
            break
""",
        ),
        NearMiss(
            "a stream or a queue gives one thing after the other",
            """\
import asyncio


class Stream:
    async def read(self, size):
        await asyncio.sleep(1)
        return size

    async def parts(self, sizes):
        return [await self.read(size) for size in sizes]


async def main(queue: asyncio.Queue):
    return [await queue.get() for _ in range(3)]
""",
        ),
        NearMiss(
            "a lock is held, or what is awaited is not known",
            """\
import asyncio


async def save(item):
    await asyncio.sleep(1)


async def main(lock, items, client):
    async with lock:
        for item in items:
            await save(item)
    return [await client.get(item) for item in items]
""",
        ),
    ),
    known_problems="Off by default: whether the order matters to somebody outside cannot be told from the code.",
    references=("https://docs.python.org/3/library/asyncio-task.html#running-tasks-concurrently",),
    since="0.1",
    witness="time",
)
