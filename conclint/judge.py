"""From a program to findings: each rule in turn, one finding for each rule and primitive site."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from conclint.finding import Finding, Place
from conclint.program.program import Program
from conclint.program.reads import Rest
from conclint.rule import Rule

WHOLE = -1
"""Stands for the whole program where otherwise the number of a module stands."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A rule that raised, or a file that broke conclint: what the user is asked to report."""

    rule: str
    path: str
    traceback: str


class Unit(NamedTuple):
    """What a rule found when it was asked about one module, or (`module` -1) about the whole program, ungrouped."""

    rule: str
    module: int
    findings: tuple[Finding, ...]
    rest: Rest


def judge(program: Program, rules: Sequence[Rule]) -> tuple[tuple[Finding, ...], tuple[Failure, ...]]:
    """The findings of these rules, grouped and in the order of files and lines, and the rules that failed."""
    units, failures = ask(program, rules)
    return gathered(rules, units), failures


def ask(program: Program, rules: Sequence[Rule]) -> tuple[list[Unit], tuple[Failure, ...]]:
    """What each rule finds, and the rules that failed, of which nothing counts."""
    found: list[Unit] = []
    failures: list[Failure] = []
    for rule in rules:
        numbers = range(len(program.modules)) if rule.by_module else (WHOLE,)
        try:
            found.extend([unit(program, rule, number) for number in numbers])
        except Exception:
            program.evaluator.answers.drop_unfinished()
            failures.append(Failure(rule.code, "", traceback.format_exc()))
    return found, tuple(failures)


def unit(program: Program, rule: Rule, number: int) -> Unit:
    """Ask a rule about a module, or about the whole program."""

    def work() -> tuple[Finding, ...]:
        program.ask_about(None if number == WHOLE else (program.modules[number],))
        return tuple(rule.check(program))

    try:
        return Unit(rule.code, number, *program.reads.of(work))
    finally:
        program.ask_about(None)


def gathered(rules: Sequence[Rule], units: Iterable[Unit]) -> tuple[Finding, ...]:
    """The findings of all units, one for each rule and primitive site, in the order of files and lines."""
    found: dict[str, list[Finding]] = {rule.code: [] for rule in rules}
    for one in sorted(units, key=lambda one: one.module):
        found[one.rule].extend(one.findings)
    findings = [finding for members in found.values() for finding in group(members)]
    findings.sort(key=lambda finding: finding.sort_key)
    return tuple(findings)


def group(findings: Iterable[Finding]) -> list[Finding]:
    """One finding for each primitive: the closest is shown, the places of the others are listed in `also`.

    Of those equally close the one that matters most is shown, then the first in the order of files and lines.
    """
    groups: dict[Place, list[Finding]] = {}
    for finding in findings:
        members = groups.setdefault(finding.primitive or finding.place, [])
        if all(member.place != finding.place for member in members):
            members.append(finding)
    return [_merged(members) for members in groups.values()]


def _merged(members: list[Finding]) -> Finding:
    members.sort(key=lambda member: member.rank)
    first, *others = members
    if not others:
        return first
    also = tuple(sorted({other.place for other in others}))
    return msgspec.structs.replace(first, also=also, others=tuple(others))
