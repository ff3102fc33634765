"""The rules about files and comments are found by the engine: their examples are true of what it does."""

from __future__ import annotations

from pathlib import Path

import pytest

import conclint
from conclint.config import Options
from conclint.rule import Rule
from conclint_rules.catalogue import RULES

OWN = [rule for rule in RULES if rule.code.startswith("CON00")]


def by_code(rule: Rule) -> str:
    return rule.code


def codes(rule: Rule, source: str, folder: Path) -> list[str]:
    (folder / "example.py").write_text(source)
    found = conclint.lint(folder, config=Options(extend_select=(rule.code,)))
    return [finding.code for finding in found if finding.code.startswith("CON00")]


@pytest.mark.parametrize("rule", OWN, ids=by_code)
def test_the_bad_example_is_reported_by_the_engine(rule: Rule, tmp_path: Path) -> None:
    assert codes(rule, rule.bad, tmp_path) == [rule.code]


@pytest.mark.parametrize("rule", OWN, ids=by_code)
def test_the_good_example_is_silent(rule: Rule, tmp_path: Path) -> None:
    assert codes(rule, rule.good, tmp_path) == []


def test_there_are_five() -> None:
    assert [rule.code for rule in OWN] == ["CON001", "CON002", "CON003", "CON004", "CON005"]
