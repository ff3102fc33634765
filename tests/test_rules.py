"""Every rule keeps the promises of its record: what it says is bad is found, what it says is good is not, fixes fit."""

from __future__ import annotations

import re

import pytest

from conclint.finding import Applicability, Finding
from conclint.fix import apply
from conclint.rule import NearMiss, Rule
from conclint.testing import lint_text, marks, places, split
from conclint_rules.catalogue import RULES

# Rules of the engine itself: they speak of files and comments, not of programs.
CHECKED = [rule for rule in RULES if not rule.code.startswith("CON00")]
FIXED = [rule for rule in CHECKED if rule.fix in (Applicability.SAFE, Applicability.UNSAFE)]
MISSES = [
    pytest.param(rule, miss, id=f"{rule.code}-{re.sub(r'[^a-z0-9]+', '-', miss.reason.lower())}")
    for rule in CHECKED
    for miss in rule.near_misses
]
CASES = [
    pytest.param(rule, case, id=f"{rule.code}-{number}")
    for rule in CHECKED
    for number, case in enumerate(rule.cases, 1)
]


def by_code(rule: Rule) -> str:
    return rule.code


@pytest.mark.parametrize("rule", CHECKED, ids=by_code)
def test_bad_is_reported_on_the_marked_lines_and_no_other(rule: Rule) -> None:
    assert places(lint_text(rule.bad, [rule])) == marks(rule.bad) != set()


@pytest.mark.parametrize("rule", CHECKED, ids=by_code)
def test_good_is_silent(rule: Rule) -> None:
    assert places(lint_text(rule.good, [rule])) == set()


@pytest.mark.parametrize(("rule", "miss"), MISSES)
def test_a_near_miss_is_silent(rule: Rule, miss: NearMiss) -> None:
    assert places(lint_text(miss.source, [rule])) == set()


@pytest.mark.parametrize("rule", CHECKED, ids=by_code)
def test_what_is_shown_by_default_is_at_least_likely(rule: Rule) -> None:
    assert all(finding.confidence > 1 for finding in lint_text(rule.bad, [rule]))


def unmarked(text: str) -> str:
    return re.sub(r"[ \t]*#[ ]?[A-Z]{3,4}[0-9]{3,4}[^\n]*$", "", text, flags=re.MULTILINE)


def every(findings: tuple[Finding, ...]) -> list[Finding]:
    return [one for finding in findings for one in (finding, *finding.others)]


def mended(rule: Rule, text: str) -> str:
    """The example with every finding that has a fix mended."""
    files = split(text)
    found = every(lint_text(text, [rule]))
    for path, content in files.items():
        findings = [one for one in found if one.place.path == path and one.fix is not None]
        new = apply(content.encode(), findings).source.decode()
        text = text.replace(content, new) if content else text
    return text


@pytest.mark.parametrize("rule", FIXED, ids=by_code)
def test_good_is_what_the_fix_makes_of_bad(rule: Rule) -> None:
    assert mended(rule, unmarked(rule.bad)) == rule.good


@pytest.mark.parametrize("rule", FIXED, ids=by_code)
def test_fixing_twice_changes_nothing_more(rule: Rule) -> None:
    assert mended(rule, rule.good) == rule.good


@pytest.mark.parametrize(("rule", "case"), CASES)
def test_further_cases_are_reported_on_the_marked_lines_and_no_other(rule: Rule, case: str) -> None:
    assert places(lint_text(case, [rule])) == marks(case) != set()


MESSAGE = re.compile(r"[a-z`].*[^.]")


@pytest.mark.parametrize("rule", CHECKED, ids=by_code)
def test_a_message_says_what_was_found_and_what_happens(rule: Rule) -> None:
    for finding in lint_text(rule.bad, [rule]):
        assert MESSAGE.fullmatch(finding.message), finding.message
        assert ":" in finding.message or "," in finding.message, finding.message


@pytest.mark.parametrize("rule", CHECKED, ids=by_code)
def test_findings_carry_the_code_and_name_of_their_rule(rule: Rule) -> None:
    assert {(one.code, one.name) for one in lint_text(rule.bad, [rule])} == {(rule.code, rule.name)}


@pytest.mark.parametrize("rule", CHECKED, ids=by_code)
def test_a_rule_says_how_it_is_witnessed_or_why_it_cannot_be(rule: Rule) -> None:
    assert bool(rule.witness) != bool(rule.no_witness)
