"""CON109: long computation on an event loop."""

from __future__ import annotations

import math
from collections.abc import Iterator

from conclint.facts import Await, Block, Call, Const, Expr, Leave, Mix, Yield
from conclint.finding import Confidence, Finding, Place, Severity, Span
from conclint.knowledge import Row
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.effects import Path, Primitive
from conclint.program.model import Func
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule
from conclint_rules.event_loop.stall import stalls

# So many turns of the emptiest loop take about as long as asyncio calls slow (0.1 s).
_LONG = 1_000_000
_SUSPENDS = ("async-for", "async-comp", "async-with")


def check(program: Program) -> Iterator[Finding]:
    """Each call that only computes, each loop of a million turns, each loop without an end, on an event loop."""
    found = [*program.effects.blocking(["cpu"]), *_long_loops(program), *_endless_loops(program)]
    yield from stalls(program, found, RULE, describe=_describe, mend=lambda *_: None, help_text=_help)


def _long_loops(program: Program) -> Iterator[Primitive]:
    for func in program.users("range"):
        for number, block in enumerate(func.body.blocks):
            if block.kind not in ("for", "comp") or not isinstance(block.value, int) or _suspends(func, number):
                continue
            call = func.ops[block.value]
            turns = _turns(call) if isinstance(call, Call) and call.func == "builtins.range" else 0
            if turns >= _LONG and not _leaves(func, number) and not guards.is_dead(func, number):
                yield _primitive(func, block, f"for … in range({turns:_})")


def _turns(call: Call) -> int:
    """How often a `range` of constants goes round; 0 where it is not written down."""
    numbers = [_number(argument) for argument in call.args]
    if not numbers or None in numbers or len(numbers) > 3:
        return 0
    try:
        return len(range(*[number for number in numbers if number is not None]))
    except (ValueError, OverflowError):
        return 0


def _number(value: Expr) -> int | None:
    if isinstance(value, Const):
        return value.value if isinstance(value.value, int) else None
    if not isinstance(value, Mix) or value.kind not in ("*", "**"):
        return None
    parts = [_number(item) for item in value.items]
    numbers = [part for part in parts if part is not None]
    if len(numbers) < len(parts) or any(abs(number) > 10**9 for number in numbers):
        return None
    if value.kind == "*":
        return math.prod(numbers)
    return numbers[0] ** numbers[1] if len(numbers) == 2 and 0 <= numbers[1] <= 20 else None


def _endless_loops(program: Program) -> Iterator[Primitive]:
    """`while True:` in a coroutine without anything that suspends or leaves, or that could raise for a while."""
    for func in program.functions():
        if not func.is_async or func.fact.is_generator or not func.module.reported:
            continue
        for number, block in enumerate(func.body.blocks):
            if block.kind == "while" and not _suspends(func, number) and not _leaves(func, number):
                turned = [op for op in func.ops if func.encloses(number, op.block) and op.block != block.parent]
                endless = isinstance(block.value, Const) and bool(block.value.value)
                spins = isinstance(block.value, str) or (not turned and not isinstance(block.value, int | Const))
                if (endless or (spins and not turned)) and not guards.is_dead(func, number):
                    yield _primitive(func, block, "while True" if endless else f"while {spell(block.value, func)}")


def _suspends(func: Func, loop: int) -> bool:
    inside = [op for op in func.ops if func.encloses(loop, op.block)]
    if any(isinstance(op, Await | Yield) for op in inside):
        return True
    return any(block.kind in _SUSPENDS and func.encloses(loop, at) for at, block in enumerate(func.body.blocks))


def _leaves(func: Func, loop: int) -> bool:
    if func.body.blocks[loop].exits in ("return", "break", "raise"):
        return True
    return any(
        isinstance(op, Leave) and op.how in ("return", "break", "raise") and func.encloses(loop, op.block)
        for op in func.ops
    )


def _primitive(func: Func, block: Block, label: str) -> Primitive:
    span = Span(block.row, block.column, block.row, block.column + len(block.kind))
    residual = guards.own(func, block.parent)
    row = Row(blocks="cpu")
    return Primitive(
        func,
        -1,
        block.parent,
        Place(func.module.path, span),
        label,
        label,
        row,
        None,
        None,
        Confidence.CERTAIN,
        residual,
    )


def _describe(path: Path) -> str:
    if path.edges:
        return f"`{path.label}` reaches `{path.primitive.label}`: every task of the event loop stops while it computes"
    if path.primitive.label.startswith("while "):
        return f"`{path.primitive.label}` never gives up control: every task of the event loop stops for ever"
    return f"`{path.label}` computes on the event loop: every task of the loop stops until it is done"


def _help(path: Path) -> str:
    if path.primitive.label.startswith("while "):
        return "wait for something in the loop, with an `await`"
    return "run it in a process pool, in a thread, or let others run now and then with `await asyncio.sleep(0)`"


RULE = Rule(
    code="CON109",
    name="cpu-bound-coroutine",
    check=check,
    by_module=True,
    severity=Severity.WARNING,
    summary="Long computation on an event loop: password hashing, a loop of a million turns, a loop without an end.",
    why=(
        "An event loop runs one task at a time and changes tasks only at an `await`. A coroutine that computes for a "
        "second stops all others for a second; a loop that never awaits and never ends stops them for good, and "
        "cannot be cancelled."
    ),
    use_instead=(
        "Hand the computation to a process pool with `loop.run_in_executor`, or to a thread if it releases the "
        "interpreter's lock, as hashing does. In a loop that must stay, `await asyncio.sleep(0)` every so often."
    ),
    bad="""\
import asyncio


async def total():
    found = 0
    for number in range(5_000_000):  # CON109
        found += number
    return found


async def main():
    print(await asyncio.gather(total(), total()))


asyncio.run(main())
""",
    good="""\
import asyncio


def total():
    found = 0
    for number in range(5_000_000):
        found += number
    return found


async def main():
    print(await asyncio.gather(asyncio.to_thread(total), asyncio.to_thread(total)))


asyncio.run(main())
""",
    cases=(
        """\
import asyncio
import hashlib

stopped = False


def digest(password):
    return hashlib.pbkdf2_hmac("sha256", password, b"salt", 600_000)


def check(password, stored):
    return digest(password) == stored


async def login(password, stored):
    return check(password, stored)  # CON109


async def spin():
    while not stopped:  # CON109
        pass


async def serve(queue):
    while True:  # CON109
        queue.poll()


async def squares():
    return [number * number for number in range(10**7)]  # CON109
""",
    ),
    near_misses=(
        NearMiss(
            "others get their turn, or the loop is short",
            """\
import asyncio


async def total():
    found = 0
    for number in range(5_000_000):
        found += number
        if number % 10_000 == 0:
            await asyncio.sleep(0)
    for number in range(1_000):
        found += number
    return found


async def serve(queue):
    while True:
        print(await queue.get())
""",
        ),
        NearMiss(
            "the loop ends early",
            """\
async def find(items):
    for attempt in range(10_000_000):
        if attempt in items:
            return attempt
    while True:
        if not items:
            break
        items.pop()
""",
        ),
        NearMiss(
            "it runs in a thread or a process",
            """\
import asyncio
import hashlib


def digest(password):
    return hashlib.pbkdf2_hmac("sha256", password, b"salt", 600_000)


async def login(password):
    return await asyncio.to_thread(digest, password)
""",
        ),
        NearMiss(
            "no event loop runs there",
            """\
def main():
    return sum(number for number in range(10**8))


main()
""",
        ),
    ),
    known_problems="How long a loop over data takes cannot be told from the code: only written numbers count.",
    references=("https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code",),
    since="0.1",
    witness="stall",
)
