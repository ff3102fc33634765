"""SARIF 2.1.0. https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html

Files are given relative to the working folder under the base `SRCROOT`, so that a report says nothing of the machine
that made it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias
from urllib.parse import quote

import msgspec

import conclint
from conclint import explain
from conclint.contents import Location
from conclint.finding import Finding, Place, Related, Severity
from conclint.fingerprint import distinct, fingerprints
from conclint.report import Report, printable
from conclint.rule import Rule

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int"
Object: TypeAlias = "dict[str, Json]"

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"


def render(report: Report) -> Iterator[str]:
    """Yield one SARIF log with one run."""
    rules = [report.rules[code] for code in sorted(report.rules)]
    index = {rule.code: number for number, rule in enumerate(rules)}
    prints = distinct(fingerprints(report.findings, report.contents, report.root))
    results = [
        _result(finding, report, index.get(finding.code, -1), fingerprint)
        for finding, fingerprint in zip(report.findings, prints, strict=True)
    ]
    driver: Object = {
        "name": "conclint",
        "version": conclint.__version__,
        "semanticVersion": conclint.__version__,
        "informationUri": "https://conclint.readthedocs.io/",
        "rules": [_descriptor(rule) for rule in rules],
    }
    run: Object = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"description": _text("the folder that conclint ran in")}},
        "results": results,
        "invocations": [_invocation(report)],
    }
    log: Object = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    yield msgspec.json.format(msgspec.json.encode(log), indent=2).decode() + "\n"


def _invocation(report: Report) -> Object:
    invocation: Object = {"executionSuccessful": not report.failures}
    if report.failures:
        invocation["toolExecutionNotifications"] = [
            {"level": "error", "message": _text(failure)} for failure in report.failures
        ]
    return invocation


def _descriptor(rule: Rule) -> Object:
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": _text(rule.summary),
        "fullDescription": _text(rule.why),
        "help": {"text": explain.plain(rule), "markdown": explain.markdown(rule)},
        "helpUri": rule.url,
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": ["concurrency"]},
    }


def _result(finding: Finding, report: Report, index: int, fingerprint: str) -> Object:
    result: Object = {"ruleId": finding.code}
    if index >= 0:
        result["ruleIndex"] = index
    result["level"] = _LEVELS[finding.severity]
    result["message"] = _text(finding.message)
    result["locations"] = [_location(finding.place, report)]
    result["partialFingerprints"] = {"conclint/v1": fingerprint}
    properties: Object = {"confidence": finding.confidence.name.lower()}
    seen = report.witnessed(finding)
    if seen is not None:
        milliseconds = round(seen.seconds * 1000)
        properties["witnessed"] = {"count": seen.count, "milliseconds": milliseconds, "certainty": seen.certainty}
    result["properties"] = properties
    if finding.related:
        result["codeFlows"] = [{"threadFlows": [{"locations": _flow(finding, report)}]}]
    if finding.also:
        result["relatedLocations"] = [
            {"id": number, **_location(place, report, "the same is reached from here")}
            for number, place in enumerate(finding.also, 1)
        ]
    changes = report.changes(finding) if finding.fix else ()
    if finding.fix is not None and changes:
        replacements = [{"deletedRegion": _region(at), "insertedContent": _text(content)} for at, content in changes]
        change: Object = {"artifactLocation": _artifact(finding.place.path), "replacements": replacements}
        result["fixes"] = [{"description": _text(finding.fix.message), "artifactChanges": [change]}]
    return result


def _flow(finding: Finding, report: Report) -> list[Object]:
    steps = finding.related
    if steps[0].place != finding.place:
        steps = (Related(finding.place, finding.message), *steps)
    return [{"location": _location(step.place, report, step.message)} for step in steps]


def _location(place: Place, report: Report, message: str = "") -> Object:
    region = _region(report.contents.location(place))
    location: Object = {"physicalLocation": {"artifactLocation": _artifact(place.path), "region": region}}
    if message:
        location["message"] = _text(message)
    return location


def _region(at: Location) -> Object:
    return {"startLine": at.row, "startColumn": at.column, "endLine": at.end_row, "endColumn": at.end_column}


def _artifact(path: str) -> Object:
    uri = quote(path.replace("\\", "/").encode("utf-8", "surrogateescape"))
    if path.startswith("/"):
        return {"uri": f"file://{uri}"}
    return {"uri": uri, "uriBaseId": "SRCROOT"}


def _text(text: str) -> Object:
    return {"text": printable(text)}
