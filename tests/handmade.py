"""Rules, findings and an engine made by hand, for tests of everything around the real ones."""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Callable, Iterator, Mapping, Sequence

import pytest

from conclint.config import Settings
from conclint.engine import Analysis
from conclint.extract import extract
from conclint.finding import (
    Applicability,
    Confidence,
    Finding,
    Fix,
    Place,
    Related,
    ReplaceExpression,
    Severity,
    Span,
)
from conclint.judge import Failure
from conclint.rule import Rule
from conclint.source import Unreadable, decode, read
from conclint.suppress import Suppression


def _nothing(_: object) -> Iterator[Finding]:
    return iter(())


def rule(code: str, name: str, *, default: bool = True, severity: Severity = Severity.ERROR) -> Rule:
    """A rule whose check finds nothing."""
    return Rule(
        code=code,
        name=name,
        summary=f"what `{name}` finds",
        why="Because of `this thing`.\n\nAnd of that.",
        use_instead="Something else.",
        check=_nothing,
        severity=severity,
        bad="bad()  # CON101\n",
        good="good()\n",
        near_misses=(),
        references=("https://example.org/doc",),
        since="0.1",
        default=default,
        fix=Applicability.SAFE if name == "blocking-sleep" else None,
        fix_safety="Safe where the call is awaited." if name == "blocking-sleep" else "",
        no_witness="it cannot be seen",
    )


RULES = (
    rule("CON001", "unreadable-file"),
    rule("CON002", "syntax-error"),
    rule("CON003", "unused-suppression", severity=Severity.WARNING),
    rule("CON004", "unknown-code-in-suppression", severity=Severity.WARNING),
    rule("CON005", "suppression-without-reason", default=False, severity=Severity.WARNING),
    rule("CON101", "blocking-sleep"),
    rule("CON102", "blocking-network"),
    rule("CON104", "blocking-file", default=False, severity=Severity.WARNING),
    rule("CON201", "lost-task", severity=Severity.NOTE),
)


def finding(
    path: str = "a.py",
    row: int = 1,
    column: int = 0,
    *,
    length: int = 5,
    code: str = "CON101",
    message: str = "`time.sleep` sleeps on the event loop: every task of this loop stops with it",
    severity: Severity = Severity.ERROR,
    confidence: Confidence = Confidence.CERTAIN,
    also: Sequence[tuple[str, int]] = (),
    related: Sequence[tuple[str, int, str]] = (),
    primitive: tuple[str, int] | None = None,
    fix: Fix | None = None,
    root: str = "",
) -> Finding:
    """A finding at a row, with everything else as said."""
    name = next((each.name for each in RULES if each.code == code), "other")
    return Finding(
        code=code,
        name=name,
        message=message,
        place=place(path, row, column, length),
        severity=severity,
        confidence=confidence,
        related=tuple(Related(place(where, at), text) for where, at, text in related),
        also=tuple(place(where, at) for where, at in also),
        primitive=place(*primitive) if primitive else None,
        fix=fix,
        root=root,
    )


def place(path: str, row: int, column: int = 0, length: int = 5) -> Place:
    """A place on one row."""
    return Place(path, Span(row, column, row, column + length))


_SLEEP = re.compile(rb"time\.sleep\([^)]*\)")


def sleeps(
    files: Sequence[str],
    settings: Settings,
    rules: Sequence[Rule],
    *,
    progress: Callable[[int, int], None] | None = None,
    overlay: Mapping[str, bytes] = types.MappingProxyType({}),
) -> Analysis:
    """An engine that finds each `time.sleep(...)` and can make it `asyncio.sleep`; `boom` in a file is a failure."""
    assert settings.root.is_absolute()
    findings: list[Finding] = []
    suppressions: dict[str, tuple[Suppression, ...]] = {}
    failures: list[Failure] = []
    for number, path in enumerate(files, 1):
        source = decode(path, overlay[path]) if path in overlay else read(path)
        if progress is not None:
            progress(number, len(files))
        if isinstance(source, Unreadable):
            findings.append(finding(path, length=0, code="CON001", message=f"cannot be read ({source.reason})"))
            continue
        found = extract(source).suppressions
        if found:
            suppressions[path] = found
        if "boom" in source.text:
            failures.append(Failure("CON102", path, "Traceback ...\nValueError: boom"))
        if any(each.code == "CON101" for each in rules):
            findings += _sleeps(path, source.lines)
    return Analysis(tuple(findings), suppressions, tuple(failures), len(files), {"extract": 0.5})


def _sleeps(path: str, lines: Sequence[str]) -> Iterator[Finding]:
    for row, line in enumerate(lines, 1):
        for match in _SLEEP.finditer(line.encode()):
            yield _sleep(path, row, match.start(), match.end())


def _sleep(path: str, row: int, start: int, end: int) -> Finding:
    span = Span(row, start, row, start + len("time.sleep"))
    fix = Fix(Applicability.SAFE, "use `asyncio.sleep` instead", (ReplaceExpression(span, "{@asyncio.sleep}"),))
    return finding(path, row, start, length=end - start, fix=fix)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """Put `sleeps` and `RULES` in the place of the real engine and catalogue."""
    module = types.ModuleType("conclint.engine")
    module.__dict__["analyse"] = sleeps
    monkeypatch.setitem(sys.modules, "conclint.engine", module)
    catalogue = types.ModuleType("conclint_rules.catalogue")
    catalogue.__dict__["RULES"] = RULES
    monkeypatch.setitem(sys.modules, "conclint_rules.catalogue", catalogue)
    return module
