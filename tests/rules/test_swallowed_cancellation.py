"""CON207: which handlers let a loop go on, and how they are mended."""

from __future__ import annotations

import pytest

from conclint.finding import Finding
from conclint.fix import apply
from conclint.testing import lint_text
from conclint_rules.tasks import swallowed_cancellation

LOOP = """\
import asyncio


async def poll(jobs):
    {loop}:
        try:
            await jobs.get()
        {handler}
"""


def found(handler: str, loop: str = "while True") -> tuple[Finding, ...]:
    return lint_text(LOOP.format(handler=handler, loop=loop), [swallowed_cancellation.RULE])


def mended(handler: str) -> str:
    text = LOOP.format(handler=handler, loop="while True")
    return apply(text.encode(), found(handler)).source.decode().partition("        except")[2]


@pytest.mark.parametrize(
    ("handler", "after"),
    [
        ("except asyncio.CancelledError:\n            pass", " asyncio.CancelledError:\n            raise\n"),
        ("except asyncio.CancelledError:\n            continue", " asyncio.CancelledError:\n            raise\n"),
        (
            "except asyncio.CancelledError:\n            print(1)\n            continue",
            " asyncio.CancelledError:\n            print(1)\n            raise\n",
        ),
    ],
)
def test_the_fix_raises_again_where_the_handler_would_go_on(handler: str, after: str) -> None:
    assert mended(handler) == after


@pytest.mark.parametrize(
    "handler",
    [
        "except:\n            pass",
        "except BaseException:\n            print(1)",
        "except (asyncio.CancelledError, OSError):\n            pass",
    ],
)
def test_handlers_that_catch_more_are_reported_without_a_fix(handler: str) -> None:
    assert [finding.fix for finding in found(handler)] == [None]


@pytest.mark.parametrize(
    "handler",
    [
        "except asyncio.CancelledError:\n            if jobs.done:\n                raise",
        "except BaseException as error:\n            jobs.fail(error)",
        "except asyncio.CancelledError:\n            pass\n        break",
        "except asyncio.CancelledError:\n            pass\n        finally:\n            return",
    ],
)
def test_handlers_that_may_leave_the_loop_are_left_alone(handler: str) -> None:
    assert found(handler) == ()


def test_a_loop_over_what_is_there_is_only_possibly_wrong() -> None:
    findings = found("except asyncio.CancelledError:\n            pass", loop="for _ in range(3)")
    assert [finding.confidence.name for finding in findings] == ["POSSIBLE"]


def test_a_cancellation_that_an_inner_handler_takes_is_not_swallowed_further_out() -> None:
    text = """\
import asyncio


async def poll(jobs):
    while True:
        try:
            try:
                await jobs.get()
            except asyncio.CancelledError:
                return
        except BaseException:
            print(1)
"""
    assert lint_text(text, [swallowed_cancellation.RULE]) == ()
