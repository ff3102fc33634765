"""CON253: a sleep of a day or more where one for ever is meant."""

from __future__ import annotations

import math
from collections.abc import Iterator

from conclint.facts import Call, Const, Expr, Mix
from conclint.finding import Applicability, Confidence, Finding, Fix, ReplaceExpression, Severity
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.model import Func, argument_of
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule

_SLEEPS = frozenset(("trio.sleep", "anyio.sleep"))
_DAY = 24 * 60 * 60
_BIG = 1e9
_FOR_EVER = ("math.inf", "float.inf")


def check(program: Program) -> Iterator[Finding]:
    """Each `sleep` of trio or anyio for more than a day, as it is written down."""
    for func in program.users("sleep"):
        if not func.module.reported:
            continue
        for index in func.calls_by_name.get("sleep", ()):
            named = [one.dotted for one in program.calls.library(func, index)]
            call = func.ops[index]
            if len(named) == 1 and named[0] in _SLEEPS and isinstance(call, Call):
                given = argument_of(call, "0")
                if _is_long(func, given) and not guards.is_dead(func, call.block):
                    yield _finding(func, index, call, named[0])


def _is_long(func: Func, given: Expr) -> bool:
    if given in _FOR_EVER:
        return True
    made = func.ops[given] if isinstance(given, int) else None
    if isinstance(made, Call) and made.func == "builtins.float" and made.args:
        return made.args[0] in (Const("inf"), Const("infinity"))
    seconds = _seconds(given)
    return seconds is not None and seconds > _DAY


def _seconds(value: Expr) -> float | None:
    if isinstance(value, Const):
        return float(value.value) if isinstance(value.value, int | float) else None
    if not isinstance(value, Mix) or value.kind not in ("*", "**"):
        return None
    parts = [_seconds(item) for item in value.items]
    numbers = [part for part in parts if part is not None]
    if len(numbers) < len(parts) or any(abs(number) > _BIG for number in numbers):
        return None
    if value.kind == "*":
        return math.prod(numbers)
    return numbers[0] ** numbers[1] if len(numbers) == 2 and 0 <= numbers[1] <= 12 else None


def _finding(func: Func, index: int, call: Call, dotted: str) -> Finding:
    twin = f"{dotted.partition('.')[0]}.sleep_forever"
    fix = Fix(Applicability.UNSAFE, f"use `{twin}`", (ReplaceExpression(func.span(index), f"{{@{twin}}}()"),))
    return Finding(
        RULE.code,
        RULE.name,
        f"`{spell(call.func, func)}` sleeps for more than a day: it reads like a limit, and means for ever",
        func.at(index),
        RULE.severity,
        Confidence.CERTAIN,
        help=f"say so with `{twin}`",
        fix=fix,
        root=func.dotted,
    )


RULE = Rule(
    code="CON253",
    name="long-sleep",
    check=check,
    by_module=True,
    severity=Severity.NOTE,
    default=False,
    summary="`sleep` for more than a day, in place of `sleep_forever`.",
    why=(
        "A sleep of a year, or of `math.inf`, is a way to wait until cancelled. It says less than `sleep_forever` "
        "does, and with a number it ends one day."
    ),
    use_instead="`trio.sleep_forever()`, `anyio.sleep_forever()`.",
    fix=Applicability.UNSAFE,
    fix_safety="Unsafe: a sleep that was to end after its time no longer does.",
    bad="""\
import anyio


async def main():
    with anyio.move_on_after(0.01):
        await anyio.sleep(365 * 24 * 3600)  # CON253
    print("woken")


anyio.run(main)
""",
    good="""\
import anyio


async def main():
    with anyio.move_on_after(0.01):
        await anyio.sleep_forever()
    print("woken")


anyio.run(main)
""",
    cases=(
        """\
import math
import trio


async def main():
    await trio.sleep(math.inf)  # CON253
    await trio.sleep(float("inf"))  # CON253
    await trio.sleep(10**6)  # CON253
""",
    ),
    near_misses=(
        NearMiss(
            "a time that ends",
            """\
import asyncio
import trio


async def main(seconds):
    await trio.sleep(3600)
    await trio.sleep(seconds)
    await trio.sleep_forever()
    await asyncio.sleep(10**6)
""",
        ),
    ),
    references=(
        "https://trio.readthedocs.io/en/stable/reference-core.html#trio.sleep_forever",
        "https://anyio.readthedocs.io/en/stable/api.html#anyio.sleep_forever",
    ),
    since="0.1",
    witness="time",
)
