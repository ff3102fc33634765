"""CON213: an update whose old value is read before a suspension."""

from __future__ import annotations

import json
from collections.abc import Iterator

from conclint.facts import Assign, Call, Const, Expr, Item, Mix
from conclint.finding import Applicability, Confidence, Finding, Fix, ReplaceStatements, Severity, Slot, Span
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.contexts import Phase
from conclint.program.model import Func
from conclint.program.overlap import may_overlap
from conclint.program.program import Program
from conclint.program.suspends import awaits_in, may_suspend
from conclint.program.values import Instance
from conclint.rule import NearMiss, Rule
from conclint_rules.tasks.dropped import fresh_name
from conclint_rules.tasks.shared_state import under_lock

_OPERATORS = frozenset(("+", "-", "*", "/", "//", "%", "**", "|", "&", "^", "<<", ">>", "@"))
_OTHER = frozenset(("for", "with", "except", "import", "del", "param", "walrus", "case"))
_COUNTS = frozenset(("builtins.len", "builtins.sum", "builtins.int", "builtins.float", "builtins.str"))
_IMMUTABLE = frozenset(("int", "float", "str", "bytes", "bool", "tuple", "decimal.Decimal", "datetime.timedelta"))


def check(program: Program) -> Iterator[Finding]:
    """Each update of shared state whose old value is read before an await and written back after it."""
    for func in program.functions():
        if not func.is_async or not func.module.reported:
            continue
        for index, op in enumerate(func.ops):
            if isinstance(op, Assign) and op.how not in _OTHER:
                found = _finding(program, func, index, op)
                if found is not None:
                    yield found


def _finding(program: Program, func: Func, index: int, op: Assign) -> Finding | None:
    after = _evaluated_after_read(op)
    if after is None:
        return None
    awaits = awaits_in(func, after)
    if not awaits:
        return None
    confidence = _sharing(func, op.target)
    if confidence is None or not any(may_suspend(program, func, one) for one in awaits):
        return None
    confidence = _sure(program, func, index, op, confidence)
    if confidence is None or guards.is_dead(func, op.block) or under_lock(program, func, op.block):
        return None
    if not may_overlap(program, func):
        return None
    label = spell_target(op.target, func)
    severity = Severity.NOTE if program.contexts.phase(func) is Phase.TEST else RULE.severity
    return Finding(
        RULE.code,
        RULE.name,
        f"`{label}` is read before the `await` and written after it: what other tasks do to it meanwhile is undone",
        func.at(index),
        severity,
        confidence,
        help=f"await first, then update `{label}` without an `await` in between",
        fix=_mend(func, index, op),
        root=func.dotted,
    )


def _evaluated_after_read(op: Assign) -> Expr:
    """What is evaluated between the reading of the target and its writing, or None."""
    if op.how:
        return op.value
    value = op.value
    if isinstance(value, Mix) and value.kind in _OPERATORS and len(value.items) == 2 and value.items[0] == op.target:
        return value.items[1]
    return None


def _sharing(func: Func, target: Expr) -> Confidence | None:
    """How sure it is that other tasks see the target; None for what belongs to this call alone."""
    while isinstance(target, Item):
        target = target.base
    if not isinstance(target, str):
        return None
    if target[0] == ":":
        return Confidence.CERTAIN
    if target[0] == "&":
        return Confidence.LIKELY
    root, dot, _ = target.partition(".")
    if target[0] != "$":
        return None
    if dot and func.is_method and root[1:] == func.self_name:
        return Confidence.LIKELY
    if dot:
        return None
    captured = f"&{func.index}:{root[1:]}"
    written = any(
        isinstance(op, Assign) and op.target == captured
        for inner in func.module.functions
        if inner.fact.owner == func.index
        for op in inner.ops
    )
    return Confidence.LIKELY if written else None


def _sure(program: Program, func: Func, index: int, op: Assign, confidence: Confidence) -> Confidence | None:
    """Less sure where the value may be a list or a set, which `+=` changes in place; None where it is one."""
    if not op.how:
        return confidence
    made = func.ops[op.value] if isinstance(op.value, int) else None
    if isinstance(made, Call) and made.func in _COUNTS:
        return confidence
    values = program.evaluator.of(op.target, func, index)
    if any(isinstance(value, Instance) and value.type not in _IMMUTABLE for value in values):
        return None
    return confidence if values else Confidence.POSSIBLE


def spell_target(target: Expr, func: Func) -> str:
    """A target as it stands in the code, or nearly."""
    if isinstance(target, Item):
        written = _written(target, func)
        return written or f"{spell_target(target.base, func)}[…]"
    return spell(target, func)


def _written(target: Expr, func: Func) -> str:
    """The source of a target that is made of names and constants; "" for any other."""
    if isinstance(target, str):
        return spell(target, func) if target[0] in "$&:" and "~" not in target else ""
    if isinstance(target, Const) and isinstance(target.value, str | int):
        return json.dumps(target.value) if isinstance(target.value, str) else repr(target.value)
    if isinstance(target, Item):
        base, index = _written(target.base, func), _written(target.index, func)
        return f"{base}[{index}]" if base and index else ""
    return ""


def _mend(func: Func, index: int, op: Assign) -> Fix | None:
    """Await into a fresh name, then update at once."""
    statement = func.statement(index)
    target = _written(op.target, func)
    value = _evaluated_after_read(op)
    if statement is None or statement.end != index + 1 or not target or not isinstance(value, int):
        return None
    if any(isinstance(other, Assign) for other in func.ops[statement.first : index]):
        return None
    name = fresh_name(func, "value")
    update = f"{target} {op.how} {name}" if op.how else f"{target} = {target} {_kind(op)} {name}"
    span = Span(statement.row, statement.column, statement.end_row, statement.end_column)
    edit = ReplaceStatements(span, f"{name} = {{value}}\n{update}", (Slot("value", func.span(value)),))
    return Fix(Applicability.SAFE, f"await first, then update `{target}`", (edit,))


def _kind(op: Assign) -> str:
    return op.value.kind if isinstance(op.value, Mix) else "+"


RULE = Rule(
    code="CON213",
    name="update-across-await",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary="Shared state is updated with a value that is awaited in the middle of the update: `x += await f()`.",
    why=(
        "`x += await f()` reads `x`, then suspends, and adds to what it had read. Every change that another task "
        "makes to `x` while this one waits is overwritten, although no thread is involved and the statement looks "
        "like one step. With many such tasks at once only the last of them counts."
    ),
    use_instead=(
        "Await into a local name, then update in a statement of its own: between two awaits no other task runs. Where "
        "the new value depends on the old one in more than a sum, hold an `asyncio.Lock` around the whole."
    ),
    fix=Applicability.SAFE,
    fix_safety=(
        "Safe: it only moves the reading of the old value behind the await. A program that relies on losing the "
        "changes made meanwhile would behave differently. Not offered where the target is computed by calls, or the "
        "awaited value is part of a larger sum."
    ),
    bad="""\
import asyncio

total = 0


async def price(item):
    await asyncio.sleep(0.01)
    return item


async def add(item):
    global total
    total += await price(item)  # CON213


async def main():
    await asyncio.gather(*(add(item) for item in range(5)))
    print(total)
    assert total == 10


asyncio.run(main())
""",
    good="""\
import asyncio

total = 0


async def price(item):
    await asyncio.sleep(0.01)
    return item


async def add(item):
    global total
    value = await price(item)
    total += value


async def main():
    await asyncio.gather(*(add(item) for item in range(5)))
    print(total)
    assert total == 10


asyncio.run(main())
""",
    cases=(
        """\
import asyncio


class Account:
    def __init__(self):
        self.balance = 0
        self.by_day = {}

    async def deposit(self, client, day):
        self.balance += await client.amount()  # CON213
        self.by_day[day] += len(await client.items())  # CON213
        self.balance = self.balance - await client.fee()  # CON213
        self.balance -= 2 * await client.fee()  # CON213


async def count(sources):
    seen = 0

    async def one(source):
        nonlocal seen
        seen += await source.size()  # CON213

    await asyncio.gather(*(one(source) for source in sources))
    return seen
""",
    ),
    near_misses=(
        NearMiss(
            "a local belongs to one task",
            """\
async def size(sources):
    total = 0
    counts = {"all": 0}
    for source in sources:
        total += await source.size()
        counts["all"] += await source.size()
    return total, counts
""",
        ),
        NearMiss(
            "the old value is read after the await",
            """\
class Account:
    async def deposit(self, client):
        self.balance = await client.amount() + self.balance
        amount = await client.amount()
        self.balance += amount
""",
        ),
        NearMiss(
            "a lock is held",
            """\
import asyncio


class Account:
    def __init__(self):
        self.lock = asyncio.Lock()
        self.balance = 0

    async def deposit(self, client):
        async with self.lock:
            self.balance += await client.amount()
""",
        ),
        NearMiss(
            "what is awaited never suspends",
            """\
class Account:
    balance = 0

    async def amount(self):
        return 1

    async def deposit(self):
        self.balance += await Account.amount(self)
""",
        ),
        NearMiss(
            "a set or list is changed in place: it is the same object before and after",
            """\
class Rooms:
    def __init__(self):
        self.known = set()
        self.names: list[str] = []

    async def resolve(self, client):
        self.known |= await client.rooms()
        self.names += await client.names()
""",
        ),
        NearMiss(
            "one task alone goes round and round in it",
            """\
import asyncio


class Pump:
    def __init__(self, source):
        self.source = source
        self.task = None
        self.total = 0

    def start(self):
        if self.task is None:
            self.task = asyncio.create_task(self._run())

    async def _run(self):
        while True:
            await self._step()

    async def _step(self):
        self.total += await self.source.read()
""",
        ),
        NearMiss(
            "the program has only this one task",
            """\
import asyncio

total = 0


async def price():
    await asyncio.sleep(0.01)
    return 1


async def main():
    global total
    total += await price()
    print(total)


asyncio.run(main())
""",
        ),
    ),
    known_problems=(
        "An object that only one task ever uses is reported as well: that it is not shared cannot be read off the "
        "class."
    ),
    references=(
        "https://docs.python.org/3/reference/simple_stmts.html#augmented-assignment-statements",
        "https://docs.python.org/3/library/asyncio-sync.html#asyncio.Lock",
    ),
    since="0.1",
    witness="race",
)
