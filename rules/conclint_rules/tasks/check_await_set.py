"""CON214: shared state that is found missing, awaited for, and then set, without a lock."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conclint.facts import Assign, Await, Block, Call, Const, Expr, Item, Test
from conclint.finding import Confidence, Finding, Place, Related, Severity, Span
from conclint.program import guards
from conclint.program.contexts import Phase
from conclint.program.model import Func, chains, last_name
from conclint.program.overlap import may_overlap
from conclint.program.program import Program
from conclint.program.suspends import awaits_in, may_suspend
from conclint.rule import NearMiss, Rule
from conclint_rules.tasks.shared_state import shared_chain, under_lock
from conclint_rules.tasks.update_across_await import spell_target

_QUIET = (Phase.TEST, Phase.BENCHMARK, Phase.START, Phase.STOP)
_PLAIN = ("", "walrus")
# What is made twice at a price: it must be closed, or is paid for. A value that is merely worked out twice is not.
_RESOURCE = re.compile(
    r"(^|_)(a?(re)?connect|open|spawn|launch|listen|subprocess)|"
    r"(connection|session|pool|engine|browser|client|listener|server|socket|transport|subprocess)$|"
    r"(create|make|new)_(\w+_)?(channel|process)$",
    re.IGNORECASE,
)
_LOOKED_UP = re.compile(r"^_*a?(read|fetch|load|list|find|describe|query|lookup|select|retrieve)(_|$)", re.IGNORECASE)


def check(program: Program) -> Iterator[Finding]:
    """Each `if` that finds shared state missing and sets it after an await, where another task may do the same."""
    for func in program.functions():
        if not func.is_async or not func.module.reported or func.fact.is_generator:
            continue
        for index, op in enumerate(func.ops):
            if isinstance(op, Assign) and op.how in _PLAIN:
                found = _finding(program, func, index, op)
                if found is not None:
                    yield found


def _finding(program: Program, func: Func, index: int, op: Assign) -> Finding | None:
    chain = shared_chain(func, op.target)
    if not chain or (isinstance(op.target, str) and op.target != chain):
        return None
    tested = _test_around(func, op, chain)
    if tested is None:
        return None
    number, block = tested
    awaited = _awaited_between(program, func, number, index, op, chain)
    if awaited is None or under_lock(program, func, op.block) or guards.is_dead(func, op.block):
        return None
    if _is_marked_first(func, number, awaited, chain) or not may_overlap(program, func):
        return None
    label = spell_target(op.target, func)
    quiet = program.contexts.phase(func) in _QUIET
    span = Span(block.row, block.column, block.row, block.column + 2)
    return Finding(
        RULE.code,
        RULE.name,
        f"`{label}` is found missing before an `await` and set after it: every task that looks meanwhile does the same",
        func.at(index),
        Severity.NOTE if quiet else RULE.severity,
        _confidence(func, op),
        related=(
            Related(Place(func.module.path, span), "what is missing is looked for here"),
            Related(func.at(awaited), "other tasks run here"),
        ),
        help="hold an `asyncio.Lock` from the check to the assignment, or keep the task that makes it, and await that",
        root=func.dotted,
    )


def _confidence(func: Func, op: Assign) -> Confidence:
    """Likely for what it costs to make: a value that is merely worked out twice hurts nobody."""
    made = _maker(func, op.value)
    if made is None:
        return Confidence.POSSIBLE
    costs = _RESOURCE.search(made) and not _LOOKED_UP.match(made)
    return Confidence.LIKELY if costs else Confidence.POSSIBLE


def _maker(func: Func, value: Expr) -> str | None:
    """The last name of the call whose awaited result is assigned, also through a local; None for anything else."""
    if isinstance(value, str) and value.startswith("$") and len(func.assignments.get(value[1:], ())) == 1:
        value = func.assignments[value[1:]][0][1].value
    waited = func.ops[value] if isinstance(value, int) else None
    call = func.ops[waited.value] if isinstance(waited, Await) and isinstance(waited.value, int) else None
    return last_name(call.func) if isinstance(call, Call) else None


def _test_around(func: Func, op: Assign, chain: str) -> tuple[int, Block] | None:
    """The `if` around an assignment that is entered when its target is missing."""
    for number, around in func.block_path(op.block):
        if around.kind in ("for", "while", "async-for", "except"):
            return None
        if around.kind in ("if", "else") and _says_missing(around.value, op.target, chain, truth=around.kind == "if"):
            return number, around
    return None


def _says_missing(test: Expr, target: Expr, chain: str, *, truth: bool) -> bool:
    """Whether a test that came out so says that the target is not there yet."""
    if isinstance(test, str):
        return test == chain and not truth and target == chain
    if not isinstance(test, Test):
        return False
    if test.op == "not":
        return _says_missing(test.items[0], target, chain, truth=not truth)
    if test.op == "or" and not truth:
        return any(_says_missing(item, target, chain, truth=truth) for item in test.items)
    if test.op == "and" and truth:
        return any(_says_missing(item, target, chain, truth=truth) for item in test.items)
    if test.op in ("is", "=="):
        return truth and test.items[0] == target == chain and test.items[1] == Const(None)
    if test.op in ("is not", "!="):
        return not truth and test.items[0] == target == chain and test.items[1] == Const(None)
    if test.op in ("not in", "in") and isinstance(target, Item):
        same = test.items[1] == chain and test.items[0] == target.index
        return same and truth == (test.op == "not in")
    return False


def _awaited_between(program: Program, func: Func, number: int, index: int, op: Assign, chain: str) -> int | None:
    """An await that may suspend between the check and the assignment, if nothing looks again after it."""
    own = awaits_in(func, op.value)
    inside = [at for at, one in enumerate(func.ops[:index]) if func.encloses(number, one.block)]
    before = [at for at in inside if isinstance(func.ops[at], Await)]
    for at in [*reversed(before), *own]:
        if may_suspend(program, func, at):
            row = func.span(at).row
            again = any(
                block.kind in ("if", "else", "while")
                and block.row >= row
                and block.row <= op.row
                and chain in chains(block.value)
                for other, block in enumerate(func.body.blocks)
                if other != number and func.encloses(number, other)
            )
            return None if again else at
    return None


def _is_marked_first(func: Func, number: int, awaited: int, chain: str) -> bool:
    """Whether something is put in the place before the await, so that others find it."""
    return any(
        isinstance(op, Assign) and func.encloses(number, op.block) and shared_chain(func, op.target) == chain
        for op in func.ops[:awaited]
    ) or any(
        isinstance(op, Call)
        and isinstance(op.func, str)
        and op.func.startswith(f"{chain}.")
        and func.encloses(number, op.block)
        for op in func.ops[:awaited]
    )


RULE = Rule(
    code="CON214",
    name="check-await-set",
    check=check,
    by_module=True,
    severity=Severity.WARNING,
    summary="`if self.x is None: self.x = await make()`: shared state is checked, awaited for and set without a lock.",
    why=(
        "Between the check and the assignment stands an `await`, where other tasks run. Each of them finds the same "
        "thing missing and starts to make it too: ten tasks open ten connections, nine of which nobody closes, or ask "
        "a service ten times for one value. What the last one sets is what stays."
    ),
    use_instead=(
        "Hold an `asyncio.Lock` around check and assignment, or keep the task instead of its result: the first one "
        "stores `asyncio.create_task(make())` without an `await`, and all await that. "
        "`conclint_runtime.aio.single_flight` does so by key."
    ),
    bad="""\
import asyncio


class Client:
    def __init__(self):
        self.connection = None
        self.opened = 0

    async def connect(self):
        await asyncio.sleep(0.01)
        self.opened += 1
        return object()

    async def query(self):
        if self.connection is None:
            self.connection = await self.connect()  # CON214
        return self.connection


async def main():
    client = Client()
    await asyncio.gather(*(client.query() for _ in range(5)))
    print(client.opened)
    assert client.opened == 1


asyncio.run(main())
""",
    good="""\
import asyncio


class Client:
    def __init__(self):
        self.connection = None
        self.opened = 0
        self.lock = asyncio.Lock()

    async def connect(self):
        await asyncio.sleep(0.01)
        self.opened += 1
        return object()

    async def query(self):
        async with self.lock:
            if self.connection is None:
                self.connection = await self.connect()
        return self.connection


async def main():
    client = Client()
    await asyncio.gather(*(client.query() for _ in range(5)))
    print(client.opened)
    assert client.opened == 1


asyncio.run(main())
""",
    cases=(
        """\
cache = {}
session = None


async def load(key, fetch):
    if key not in cache:
        value = await fetch(key)
        cache[key] = value  # CON214
    return cache[key]


async def current(make):
    global session
    if not session:
        session = await make()  # CON214
    return session


class Pool:
    async def get(self, name):
        if self.pool is not None:
            return self.pool
        self.pool = await self.open(name)  # CON214
        return self.pool
""",
    ),
    near_misses=(
        NearMiss(
            "a lock is held",
            """\
class Client:
    async def query(self):
        async with self.lock:
            if self.connection is None:
                self.connection = await self.connect()
        return self.connection
""",
        ),
        NearMiss(
            "it is looked at again after the await",
            """\
class Client:
    async def query(self):
        if self.connection is None:
            made = await self.connect()
            if self.connection is None:
                self.connection = made
        return self.connection
""",
        ),
        NearMiss(
            "the place is taken before the await",
            """\
import asyncio


class Client:
    async def query(self):
        if self.task is None:
            self.task = asyncio.create_task(self.connect())
        return await self.task

    async def start(self, key):
        if key not in self.running:
            self.running.add(key)
            await self.connect()
            self.running[key] = 1
""",
        ),
        NearMiss(
            "nothing is awaited in between",
            """\
class Client:
    async def query(self):
        if self.connection is None:
            self.connection = self.make()
        await self.connection.send()

    async def quiet(self):
        if self.value is None:
            self.value = await self.compute()

    async def compute(self):
        return 1
""",
        ),
        NearMiss(
            "a local of one call alone",
            """\
async def main(make, cache=None):
    if cache is None:
        cache = await make()
    return cache
""",
        ),
        NearMiss(
            "one task at a time runs it",
            """\
import asyncio


class Client:
    async def _query(self):
        if self.connection is None:
            self.connection = await self.connect()


async def main():
    client = Client()
    while True:
        await client._query()
        await asyncio.sleep(1)
""",
        ),
    ),
    known_problems=(
        "Whether several tasks share an object can seldom be seen. Attributes of objects are shown by default where "
        "the name of what is awaited says that it costs something to make twice: a connection, a session, a process."
    ),
    references=(
        "https://docs.python.org/3/library/asyncio-sync.html#asyncio.Lock",
        "https://docs.python.org/3/library/asyncio-dev.html#concurrency-and-multithreading",
    ),
    since="0.1",
    witness="race",
)
