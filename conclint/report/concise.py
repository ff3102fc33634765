"""One line for each finding, as editors parse it: `path:row:column: CODE message`."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.report import Report
from conclint.report.frame import visible
from conclint.report.paint import Paint


def render(report: Report) -> Iterator[str]:
    """Yield one line a finding."""
    paint = Paint(report.colour)
    for finding in report.findings:
        where = report.contents.location(finding.place)
        also = (
            f" (and {len(finding.also)} more {'place' if len(finding.also) == 1 else 'places'})" if finding.also else ""
        )
        place = f"{paint.bold(visible(finding.place.path))}:{where.row}:{where.column}:"
        yield f"{place} {paint.severity(finding.severity, finding.code)} {visible(finding.message)}{paint.dim(also)}\n"
