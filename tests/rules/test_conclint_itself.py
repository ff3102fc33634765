"""The rules about files and comments are found by the engine: their examples are true of what it does."""

from __future__ import annotations

import pytest
from conclint_rules.catalogue import RULES

import conclint
from conclint.config import Options
from conclint.rule import Rule

OWN = [rule for rule in RULES if rule.code.startswith("CON00")]


def by_code(rule: Rule) -> str:
    return rule.code


def codes(rule: Rule, source: str) -> list[str]:
    found = conclint.lint(source=source, config=Options(extend_select=(rule.code,)))
    return [finding.code for finding in found if finding.code.startswith("CON00")]


@pytest.mark.parametrize("rule", OWN, ids=by_code)
def test_the_bad_example_is_reported_by_the_engine(rule: Rule) -> None:
    assert codes(rule, rule.bad) == [rule.code]


@pytest.mark.parametrize("rule", OWN, ids=by_code)
def test_the_good_example_is_silent(rule: Rule) -> None:
    assert codes(rule, rule.good) == []


def test_there_are_five() -> None:
    assert [rule.code for rule in OWN] == ["CON001", "CON002", "CON003", "CON004", "CON005"]
