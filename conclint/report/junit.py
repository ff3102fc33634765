"""JUnit XML, which most servers that run tests can show: a suite for each file, a failed case for each finding."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from conclint.finding import Finding
from conclint.report import Report, printable

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report) -> Iterator[str]:
    """Yield one XML document. Without findings it has one case, which passed: servers take no case for a mistake."""
    count = len(report.findings)
    yield '<?xml version="1.0" encoding="utf-8"?>\n'
    yield f'<testsuites name="conclint" tests="{count or 1}" failures="{count}" errors="0">\n'
    for path, found in itertools.groupby(report.findings, key=lambda finding: finding.place.path):
        group = list(found)
        yield f'  <testsuite name={_attribute(path)} tests="{len(group)}" failures="{len(group)}" errors="0">\n'
        for finding in group:
            yield from _case(finding, report)
        yield "  </testsuite>\n"
    if not count:
        yield '  <testsuite name="conclint" tests="1" failures="0" errors="0">\n'
        yield '    <testcase name="no findings" classname="conclint"/>\n  </testsuite>\n'
    yield "</testsuites>\n"


def _case(finding: Finding, report: Report) -> Iterator[str]:
    where = report.contents.location(finding.place)
    name = _attribute(f"{finding.code} {finding.name}")
    classname = _attribute(finding.place.path.removesuffix(".py").replace("\\", "/").replace("/", "."))
    text = f"{finding.place.path}:{where.row}:{where.column}: {finding.code} {finding.message}"
    for step in finding.related:
        at = report.contents.location(step.place)
        text += f"\n  {step.place.path}:{at.row}:{at.column}: {step.message}"
    kind = finding.severity.name.lower()
    yield (
        f"    <testcase name={name} classname={classname} file={_attribute(finding.place.path)}"
        f' line="{where.row}">\n      <failure type="{kind}" message={_attribute(finding.message)}>'
        f"{escape(_text(text))}</failure>\n    </testcase>\n"
    )


def _text(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", printable(text))


def _attribute(text: str) -> str:
    return quoteattr(_text(text))
