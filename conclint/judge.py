"""From a program to findings: each rule in turn, one finding for each rule and primitive site."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from conclint.finding import Finding, Place
from conclint.program.program import Program
from conclint.rule import Rule


@dataclass(frozen=True, slots=True)
class Failure:
    """A rule that raised, or a file that broke conclint: what the user is asked to report."""

    rule: str
    path: str
    traceback: str


def judge(program: Program, rules: Sequence[Rule]) -> tuple[tuple[Finding, ...], tuple[Failure, ...]]:
    """The findings of these rules, grouped and in the order of files and lines, and the rules that failed."""
    findings: list[Finding] = []
    failures: list[Failure] = []
    for rule in rules:
        try:
            findings.extend(group(rule.check(program)))
        except Exception:
            failures.append(Failure(rule.code, "", traceback.format_exc()))
    findings.sort(key=lambda finding: finding.sort_key)
    return tuple(findings), tuple(failures)


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
