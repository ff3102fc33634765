"""JSON: a list of findings, or with `jsonl` one object a line. Rows and columns from 1, columns in characters."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from conclint.finding import Finding, Place
from conclint.report import Report, printable


class Point(msgspec.Struct, frozen=True):
    """A row and a column."""

    row: int
    column: int


class Step(msgspec.Struct, frozen=True):
    """One step of the path."""

    filename: str
    location: Point
    message: str


class Other(msgspec.Struct, frozen=True):
    """Another place of the same group."""

    filename: str
    location: Point


class EditEntry(msgspec.Struct, frozen=True):
    """A piece of text that is replaced."""

    location: Point
    end_location: Point
    content: str


class FixEntry(msgspec.Struct, frozen=True):
    """How to mend a finding."""

    applicability: str
    message: str
    edits: tuple[EditEntry, ...]


class Witnessed(msgspec.Struct, frozen=True):
    """How often a finding was seen to happen, the worst time in seconds, and how surely."""

    count: int
    seconds: float
    certainty: str


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A finding. The fields and their order are the format; `witnessed` is there where evidence has it."""

    code: str
    name: str
    message: str
    severity: str
    confidence: str
    filename: str
    location: Point
    end_location: Point
    related: tuple[Step, ...]
    also: tuple[Other, ...]
    fix: FixEntry | None
    url: str | None
    witnessed: Witnessed | None = None


def render(report: Report) -> Iterator[str]:
    """Yield one JSON array, indented, a line break at its end."""
    entries = [_entry(finding, report) for finding in report.findings]
    yield msgspec.json.format(msgspec.json.encode(entries), indent=2).decode() + "\n"


def lines(report: Report) -> Iterator[str]:
    """Yield one line of JSON a finding."""
    for finding in report.findings:
        yield msgspec.json.encode(_entry(finding, report)).decode() + "\n"


def _entry(finding: Finding, report: Report) -> Entry:
    where = report.contents.location(finding.place)
    rule = report.rules.get(finding.code)
    seen = report.witnessed(finding)
    return Entry(
        code=finding.code,
        name=finding.name,
        message=printable(finding.message),
        severity=finding.severity.name.lower(),
        confidence=finding.confidence.name.lower(),
        filename=printable(finding.place.path),
        location=Point(where.row, where.column),
        end_location=Point(where.end_row, where.end_column),
        related=tuple(
            Step(printable(step.place.path), _point(step.place, report), printable(step.message))
            for step in finding.related
        ),
        also=tuple(Other(printable(place.path), _point(place, report)) for place in finding.also),
        fix=_fix(finding, report),
        url=rule.url if rule else None,
        witnessed=Witnessed(seen.count, seen.seconds, seen.certainty) if seen is not None else None,
    )


def _point(place: Place, report: Report) -> Point:
    where = report.contents.location(place)
    return Point(where.row, where.column)


def _fix(finding: Finding, report: Report) -> FixEntry | None:
    if finding.fix is None:
        return None
    edits = tuple(
        EditEntry(Point(at.row, at.column), Point(at.end_row, at.end_column), printable(content))
        for at, content in report.changes(finding)
    )
    return FixEntry(finding.fix.applicability.name.lower(), printable(finding.fix.message), edits)
