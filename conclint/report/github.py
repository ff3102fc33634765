"""Workflow commands, which GitHub Actions turns into annotations.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Iterator

from conclint.finding import Severity
from conclint.report import Report

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(report: Report) -> Iterator[str]:
    """Yield one command a finding."""
    for finding in report.findings:
        where = report.contents.location(finding.place)
        properties = {
            "title": f"conclint {finding.code} ({finding.name})",
            "file": finding.place.path,
            "line": str(where.row),
            "col": str(where.column),
            "endLine": str(where.end_row),
        }
        # GitHub takes an end column only for what is on one line.
        if where.end_row == where.row:
            properties["endColumn"] = str(where.end_column)
        said = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
        text = f"{finding.place.path}:{where.row}:{where.column}: {finding.code} {finding.message}"
        for step in finding.related:
            text += f"\n  {step.place.path}:{step.place.span.row}: {step.message}"
        yield f"::{_COMMANDS[finding.severity]} {said}::{_data(text)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
