"""CON254: `sleep(0)` in place of a checkpoint."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Call, Const
from conclint.finding import Applicability, Confidence, Finding, Fix, ReplaceExpression, Severity
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.model import argument_of
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule

_SLEEPS = frozenset(("trio.sleep", "anyio.sleep"))


def check(program: Program) -> Iterator[Finding]:
    """Each `sleep(0)` of trio or anyio."""
    for func in program.users("sleep"):
        if not func.module.reported:
            continue
        for index in func.calls_by_name.get("sleep", ()):
            call = func.ops[index]
            named = [one.dotted for one in program.calls.library(func, index)]
            if len(named) != 1 or named[0] not in _SLEEPS or not isinstance(call, Call):
                continue
            if argument_of(call, "0") != Const(0) or guards.is_dead(func, call.block):
                continue
            twin = f"{named[0].partition('.')[0]}.lowlevel.checkpoint"
            fix = Fix(Applicability.SAFE, f"use `{twin}`", (ReplaceExpression(func.span(index), f"{{@{twin}}}()"),))
            yield Finding(
                RULE.code,
                RULE.name,
                f"`{spell(call.func, func)}(0)` is no sleep but a checkpoint, which has a name of its own",
                func.at(index),
                RULE.severity,
                Confidence.CERTAIN,
                help=f"say so with `{twin}`",
                fix=fix,
                root=func.dotted,
            )


RULE = Rule(
    code="CON254",
    name="sleep-for-checkpoint",
    check=check,
    by_module=True,
    severity=Severity.NOTE,
    default=False,
    summary="`sleep(0)` of trio or anyio, in place of `lowlevel.checkpoint()`.",
    why=(
        "A sleep of no time is there to let other tasks run and to notice a cancellation. That is what a checkpoint "
        "is, and `checkpoint()` says it."
    ),
    use_instead="`trio.lowlevel.checkpoint()`, `anyio.lowlevel.checkpoint()`.",
    fix=Applicability.SAFE,
    fix_safety="Safe: `sleep(0)` does nothing but this.",
    bad="""\
import anyio


async def main():
    await anyio.sleep(0)  # CON254
    print("others had their turn")


anyio.run(main)
""",
    good="""\
import anyio
import anyio.lowlevel


async def main():
    await anyio.lowlevel.checkpoint()
    print("others had their turn")


anyio.run(main)
""",
    near_misses=(
        NearMiss(
            "a sleep, or asyncio's, which has no other name for it",
            """\
import asyncio
import trio


async def main(seconds):
    await trio.sleep(0.1)
    await trio.sleep(seconds)
    await asyncio.sleep(0)
""",
        ),
    ),
    references=(
        "https://trio.readthedocs.io/en/stable/reference-lowlevel.html#trio.lowlevel.checkpoint",
        "https://anyio.readthedocs.io/en/stable/api.html#anyio.lowlevel.checkpoint",
    ),
    since="0.1",
    witness="time",
)
