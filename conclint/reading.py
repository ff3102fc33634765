"""What reading the files of a run gives: facts, and what is to be said of those that give none."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from conclint.facts import Facts
from conclint.finding import Confidence, Finding, Place, Severity, Span
from conclint.judge import Failure
from conclint.parallel import Failed, Result, decoded
from conclint.source import Unreadable


class State(NamedTuple):
    """A file as the cache knows files."""

    path: str
    mtime_ns: int
    size: int


def state(path: str) -> State:
    """A file as it is now; one that is gone gets a state that no cache entry has."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return State(path, 0, -1)
    return State(path, status.st_mtime_ns, status.st_size)


@dataclass(frozen=True, slots=True)
class Read:
    """The facts by path, and what comes in their place."""

    facts: list[tuple[str, Facts]]
    findings: list[Finding]
    failures: list[Failure]


def read(results: Mapping[str, Result]) -> Read:
    """Decode what reading gave; what cannot be used becomes a finding or a failure."""
    found = Read([], [], [])
    for path, result in results.items():
        facts = decoded(path, result)
        if isinstance(facts, Unreadable):
            found.findings.append(_unreadable(facts))
        elif isinstance(facts, Failed):
            found.failures.append(Failure("", path, facts.reason))
        else:
            found.facts.append((path, facts))
            if facts.error is not None:
                found.findings.append(syntax_error(path, facts.error))
    return found


def _unreadable(source: Unreadable) -> Finding:
    return Finding(
        "CON001",
        "unreadable-file",
        f"cannot be read ({source.reason}): nothing in it is checked",
        Place(source.path, Span(1, 0, 1, 0)),
        Severity.ERROR,
        Confidence.CERTAIN,
    )


def syntax_error(path: str, error: tuple[int, int, str]) -> Finding:
    """What is said of a file that does not parse."""
    row, column, reason = error
    return Finding(
        "CON002",
        "syntax-error",
        f"{reason}: nothing in the file is checked",
        Place(path, Span(row, column, row, column + 1)),
        Severity.ERROR,
        Confidence.CERTAIN,
    )
