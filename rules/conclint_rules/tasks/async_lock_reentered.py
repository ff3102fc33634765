"""CON216: an `asyncio.Lock` that is taken again by the task that holds it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from conclint.facts import Await, Call, Expr, Use
from conclint.finding import Confidence, Finding, Place, Related, Severity, Span
from conclint.program import guards
from conclint.program.calls import Edge, first_op, spell
from conclint.program.identity import Access, shared
from conclint.program.model import Func, chains
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule

_HOPS = 3
_ASKS = re.compile(r"lock|owne[rd]|held|holds|nested|reentr|current_task", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Taking:
    """A place that takes an asyncio lock: `within` is the block that holds it, -1 for an awaited `acquire`."""

    func: Func
    access: Access
    within: int
    block: int
    place: Place
    name: str


def check(program: Program) -> Iterator[Finding]:
    """Each await, made while such a lock is held, that leads to taking the same lock once more."""
    for func in program.users("__aenter__"):
        if not func.is_async or not func.module.reported:
            continue
        for first in _takings(program, func):
            if first.within >= 0 and not _lets_go(func, first):
                found = _again(program, func, first)
                if found is not None:
                    yield found


def _takings(program: Program, func: Func) -> Iterator[_Taking]:
    for number, block in enumerate(func.body.blocks):
        if block.kind == "async-with" and not guards.is_dead(func, number):
            at = block.value if isinstance(block.value, int) else first_op(func, number)
            access = _lock(program, block.value, func, at)
            if access is not None:
                span = Span(block.row, block.column, block.end_row, block.end_column)
                place = Place(func.module.path, span)
                yield _Taking(func, access, number, block.parent, place, spell(block.value, func))
    for at in func.calls_by_name.get("acquire", ()):
        call = func.ops[at]
        if isinstance(call, Call) and call.use == Use.AWAITED and isinstance(call.func, str):
            owner = call.func.rpartition(".")[0]
            access = _lock(program, owner, func, at) if owner else None
            if access is not None and not guards.is_dead(func, call.block):
                yield _Taking(func, access, -1, call.block, func.at(at), spell(owner, func))


def _lock(program: Program, expr: Expr, func: Func, at: int) -> Access | None:
    role = program.knowledge.role
    return program.locks.identity.access(expr, func, at, lambda name: role(name) == "async-lock")


def _lets_go(func: Func, first: _Taking) -> bool:
    """Whether the lock is released by hand inside of its block."""
    released = [func.ops[at] for at in func.calls_by_name.get("release", ())]
    return any(func.encloses(first.within, getattr(op, "block", 0)) for op in released)


def _again(program: Program, func: Func, first: _Taking) -> Finding | None:
    for second in _takings(program, func):
        inside = second.block == first.within or func.encloses(first.within, second.block)
        if (
            second != first
            and inside
            and first.access.same(second.access)
            and not _asks(func, second.block, first.within)
        ):
            return _finding(func, first, second, ())
    for at, op in enumerate(func.ops):
        if isinstance(op, Await) and isinstance(op.value, int) and func.encloses(first.within, op.block) and at:
            call = func.ops[op.value]
            if isinstance(call, Call) and not _asks(func, call.block, first.within):
                found = _down(program, func, op.value, call, first, (), {func})
                if found is not None:
                    return found
    return None


def _down(
    program: Program, caller: Func, at: int, call: Call, first: _Taking, edges: tuple[Edge, ...], seen: set[Func]
) -> Finding | None:
    """Follow awaited calls down to one that takes the lock of the same object."""
    if len(edges) >= _HOPS or guards.is_dead(caller, call.block):
        return None
    for target in program.calls.targets(caller, at):
        callee = target.func
        if callee in seen or not callee.is_async or callee.fact.is_generator or target.confidence < Confidence.LIKELY:
            continue
        edge = Edge(
            caller,
            callee,
            at,
            call.block,
            caller.at(at),
            spell(call.func, caller),
            target.confidence,
            call,
            target.bound,
        )
        path = (*edges, edge)
        for second in _takings(program, callee):
            if first.access.same(second.access) and shared(first.access, path) and not _asks(callee, second.block, -1):
                return _finding(first.func, first, second, path)
        for below, op in enumerate(callee.ops):
            if isinstance(op, Await) and isinstance(op.value, int):
                inner = callee.ops[op.value]
                if isinstance(inner, Call) and below and not _asks(callee, inner.block, -1):
                    found = _down(program, callee, op.value, inner, first, path, seen | {callee})
                    if found is not None:
                        return found
    return None


def _asks(func: Func, block: int, outer: int) -> bool:
    """Whether a branch on the way looks at the lock, or at who holds it."""
    for number, found in func.block_path(block):
        if number == outer:
            return False
        if found.kind in guards.BRANCHES and any(_ASKS.search(name) for name in chains(found.value)):
            return True
    return False


def _finding(func: Func, first: _Taking, second: _Taking, path: tuple[Edge, ...]) -> Finding:
    steps = [Related(first.place, f"`{first.name}` is taken here")]
    steps += [
        Related(following.place, f"`{edge.callee.qualname}` awaits `{following.label}`")
        for edge, following in itertools.pairwise(path)
    ]
    if path:
        steps.append(Related(second.place, f"`{second.func.qualname}` takes it again"))
        message = (
            f"`{path[0].label}` takes `{second.name}`, which `{func.qualname}` holds: "
            "the task waits for itself and never goes on"
        )
    else:
        message = f"`{second.name}` is taken while it is held: the task waits for itself and never goes on"
    places = [(edge.caller, edge.block) for edge in path] + [(second.func, second.block)]
    branches = any(guards.is_conditional(one, block) for one, block in places[1:]) or (
        bool(path) and guards.is_conditional(func, path[0].block)
    )
    sure = min([edge.confidence for edge in path], default=Confidence.CERTAIN)
    return Finding(
        RULE.code,
        RULE.name,
        message,
        path[0].place if path else second.place,
        RULE.severity,
        min(sure, Confidence.LIKELY) if branches else sure,
        related=tuple(steps),
        help="split off a part that expects the lock to be held: asyncio has no lock that may be taken again",
        root=func.dotted,
        primitive=second.place if path else None,
    )


RULE = Rule(
    code="CON216",
    name="async-lock-reentered",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary="A task takes an `asyncio.Lock` that it holds already.",
    why=(
        "An `asyncio.Lock` does not know which task holds it. A method that holds the lock of its object and awaits "
        "another one that takes it as well waits for a release that only it could make. No error is raised: the task "
        "hangs, and so does every other that wants the lock, while the event loop goes on."
    ),
    use_instead=(
        "Split the inner method: a part that does the work and expects the lock to be held, and a thin one that takes "
        "the lock and awaits it. There is no re-entrant lock in asyncio."
    ),
    bad="""\
import asyncio


class Account:
    def __init__(self, balance):
        self.lock = asyncio.Lock()
        self.balance = balance

    async def deposit(self, amount):
        async with self.lock:
            self.balance += amount

    async def transfer(self, amount):
        async with self.lock:
            self.balance -= 1
            await self.deposit(amount)  # CON216


async def main():
    account = Account(10)
    await account.transfer(5)
    print(account.balance)


asyncio.run(main())
""",
    good="""\
import asyncio


class Account:
    def __init__(self, balance):
        self.lock = asyncio.Lock()
        self.balance = balance

    async def deposit(self, amount):
        async with self.lock:
            self._deposit(amount)

    def _deposit(self, amount):
        self.balance += amount

    async def transfer(self, amount):
        async with self.lock:
            self.balance -= 1
            self._deposit(amount)


async def main():
    account = Account(10)
    await account.transfer(5)
    print(account.balance)


asyncio.run(main())
""",
    cases=(
        """\
import asyncio

LOCK = asyncio.Lock()


async def store(key):
    async with LOCK:
        print(key)


async def flush(keys):
    for key in keys:
        await store(key)


async def close(keys):
    async with LOCK:
        await flush(keys)  # CON216


async def twice():
    async with LOCK:
        print("once")
        async with LOCK:  # CON216
            print("never")


async def by_hand():
    async with LOCK:
        await LOCK.acquire()  # CON216
""",
    ),
    near_misses=(
        NearMiss(
            "the lock of another object",
            """\
import asyncio


class Account:
    def __init__(self):
        self.lock = asyncio.Lock()

    async def deposit(self, amount):
        async with self.lock:
            print(amount)

    async def transfer(self, other: "Account", amount):
        async with self.lock:
            await other.deposit(amount)
""",
        ),
        NearMiss(
            "it is released before",
            """\
import asyncio


class Account:
    def __init__(self):
        self.lock = asyncio.Lock()

    async def deposit(self):
        async with self.lock:
            print("in")

    async def transfer(self):
        async with self.lock:
            print("out")
        await self.deposit()
""",
        ),
        NearMiss(
            "a task of its own takes it later",
            """\
import asyncio


class Account:
    def __init__(self):
        self.lock = asyncio.Lock()
        self.tasks = set()

    async def deposit(self):
        async with self.lock:
            print("in")

    async def transfer(self):
        async with self.lock:
            self.tasks.add(asyncio.create_task(self.deposit()))
""",
        ),
        NearMiss(
            "the code asks who holds it",
            """\
import asyncio


class Account:
    def __init__(self):
        self.lock = asyncio.Lock()

    async def deposit(self, locked=False):
        if locked:
            return
        if not self.lock.locked():
            async with self.lock:
                print("in")

    async def transfer(self):
        async with self.lock:
            await self.deposit(locked=True)
""",
        ),
        NearMiss(
            "semaphores may be taken more than once",
            """\
import asyncio


class Account:
    def __init__(self):
        self.limit = asyncio.Semaphore(5)

    async def deposit(self):
        async with self.limit:
            print("in")

    async def transfer(self):
        async with self.limit:
            await self.deposit()
""",
        ),
    ),
    references=("https://docs.python.org/3/library/asyncio-sync.html#asyncio.Lock",),
    since="0.1",
    witness="dead",
)
