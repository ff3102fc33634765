"""What is found in a package, with the source line of every hop, to be read and judged."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path

from conclint import catalogue, run
from conclint.config import Options, load
from conclint.contents import Contents
from conclint.discovery import discover
from conclint.engine import analyse
from conclint.finding import Place
from conclint.source import Source


def show(path: Path, select: tuple[str, ...]) -> None:
    """Print the findings that are shown by default, numbered, and how many there are of each rule.

    Parameters:
        path: the package's folder.
        select: codes to keep to, or none.
    """
    os.chdir(path)
    settings = load(["."], Options(select=select or None), isolated=True)
    files = [found.path for found in discover(["."], settings).files]
    outcome = run.lint(files, settings, catalogue.load(), analyse)
    contents = Contents()
    for number, finding in enumerate(outcome.findings, 1):
        sure = f"{finding.severity.name.lower()}, {finding.confidence.name.lower()}"
        print(f"[{number}] {finding.code} {finding.name} ({sure})  {finding.message}")
        print(_hop(finding.place, "", contents))
        for step in finding.related:
            print(_hop(step.place, step.message, contents))
        if finding.also:
            print(f"    and {len(finding.also)} more places, the first at {_where(finding.also[0])}")
        print()
    for code, count in sorted(Counter(finding.code for finding in outcome.findings).items()):
        print(f"{count:5}  {code}")
    for failure in outcome.failures:
        print(f"{failure.rule} {failure.path}\n{failure.traceback}", file=sys.stderr)


def _where(place: Place) -> str:
    return f"{place.path}:{place.span.row}"


def _hop(place: Place, message: str, contents: Contents) -> str:
    source = contents.source(place.path)
    rows = source.text.splitlines() if isinstance(source, Source) else []
    line = rows[place.span.row - 1].strip() if 0 < place.span.row <= len(rows) else ""
    return f"    {_where(place)}: {message}\n        {line}"
