"""CON213: what is shared, who may be there at once, and what the fix writes."""

from __future__ import annotations

import pytest

from conclint.finding import Confidence, Finding
from conclint.fix import apply
from conclint.testing import lint_text
from conclint_rules.tasks import update_across_await

CLASS = """\
class Meter:
    def __init__(self):
        self.total = 0
        self.by_name = {{}}

    async def add(self, source, value=None):
        {statement}
        return value
"""


def found(statement: str) -> tuple[Finding, ...]:
    return lint_text(CLASS.format(statement=statement), [update_across_await.RULE])


@pytest.mark.parametrize(
    ("statement", "after"),
    [
        ("self.total += await source()", "value_2 = await source()\n        self.total += value_2"),
        (
            "self.total = self.total - await source()",
            "value_2 = await source()\n        self.total = self.total - value_2",
        ),
        (
            "self.by_name['a'] += len(await source())",
            'value_2 = len(await source())\n        self.by_name["a"] += value_2',
        ),
    ],
)
def test_the_fix_awaits_into_a_name_that_is_free(statement: str, after: str) -> None:
    text = CLASS.format(statement=statement)
    assert apply(text.encode(), found(statement)).source.decode() == CLASS.format(statement=after)


@pytest.mark.parametrize("statement", ["self.total += 1 + await source()", "self.by_name[source()] += await source()"])
def test_what_cannot_be_moved_as_it_is_gets_no_fix(statement: str) -> None:
    assert [finding.fix for finding in found(statement)] == [None]


def test_a_value_of_unknown_kind_may_be_a_list_and_is_not_shown() -> None:
    assert [finding.confidence for finding in found("self.rows += await source()")] == [Confidence.POSSIBLE]


CALLERS = """\
import asyncio


class Meter:
    total = 0

    async def _add(self, source):
        self.total += await source()

    async def run(self, source):
        {use}


async def main(source):
    await Meter().run(source)


asyncio.run(main(1))
"""


@pytest.mark.parametrize(
    ("use", "reported"),
    [
        ("await self._add(source)", False),
        ("await asyncio.gather(self._add(source), self._add(source))", True),
        ("await asyncio.gather(*(self._add(one) for one in source))", True),
        ("self.task = asyncio.create_task(self._add(source))", False),
    ],
)
def test_it_counts_who_may_be_in_the_coroutine_at_once(use: str, reported: bool) -> None:
    assert bool(lint_text(CALLERS.format(use=use), [update_across_await.RULE])) is reported
