"""A GitLab code quality report. https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from conclint.finding import Severity
from conclint.fingerprint import distinct, fingerprints
from conclint.report import Report, printable

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


class Lines(msgspec.Struct, frozen=True):
    """The rows of an issue."""

    begin: int
    end: int


class IssueLocation(msgspec.Struct, frozen=True):
    """Where an issue is."""

    path: str
    lines: Lines


class Issue(msgspec.Struct, frozen=True):
    """One finding as GitLab wants it."""

    description: str
    check_name: str
    fingerprint: str
    severity: str
    location: IssueLocation


def render(report: Report) -> Iterator[str]:
    """Yield one JSON array."""
    prints = distinct(fingerprints(report.findings, report.contents, report.root))
    issues = [
        Issue(
            description=printable(f"{finding.code}: {finding.message}"),
            check_name=finding.name,
            fingerprint=fingerprint,
            severity=_SEVERITIES[finding.severity],
            location=IssueLocation(
                printable(finding.place.path.replace("\\", "/")),
                Lines(finding.place.span.row, finding.place.span.end_row),
            ),
        )
        for finding, fingerprint in zip(report.findings, prints, strict=True)
    ]
    yield msgspec.json.format(msgspec.json.encode(issues), indent=2).decode() + "\n"
