"""CON205: which statements make a run, and when a `gather` is offered for it."""

from __future__ import annotations

import pytest

from conclint.finding import Finding
from conclint.fix import apply
from conclint.testing import lint_text
from conclint_rules.tasks import sequential_awaits

HEAD = """\
import asyncio


async def work(x):
    await asyncio.sleep(1)
    return x


async def main(x, flag):
"""


def found(*statements: str) -> tuple[Finding, ...]:
    return lint_text(HEAD + "".join(f"    {line}\n" for line in statements), [sequential_awaits.RULE])


def test_a_longer_run_becomes_one_gather() -> None:
    text = HEAD + "    a = await work(1)\n    b = await work(x)\n    c = await work(3)\n    return a, b, c\n"
    findings = lint_text(text, [sequential_awaits.RULE])
    assert apply(text.encode(), findings).source.decode() == (
        HEAD + "    a, b, c = await asyncio.gather(work(1), work(x), work(3))\n    return a, b, c\n"
    )


def test_a_run_of_which_only_some_bind_a_name_gets_no_fix() -> None:
    assert [finding.fix for finding in found("a = await work(1)", "await work(2)", "return a")] == [None]


@pytest.mark.parametrize(
    "statements",
    [
        ("a = await work(1)", "b = await work(a)", "return b"),
        ("a = await work(1)", "b = await work([a])", "return b"),
        ("await work(1)", "print(x)", "await work(2)"),
        ("await work(1)", "if flag: pass", "await work(2)"),
        ("a = await work(1)", "a = await work(2)", "return a"),
        ("await work(1)", "await work(next(x))"),
        ("await work(1)", "await flag(2)"),
    ],
)
def test_statements_that_need_their_order_are_left_alone(statements: tuple[str, ...]) -> None:
    assert found(*statements) == ()
