"""Claims about the engine: small programs whose marks say where a hazard is reached, probed by a few rules."""

from __future__ import annotations

import textwrap

from conclint.finding import Finding, Severity
from conclint.program.program import Options
from conclint.testing import lint_text, marks, places
from conclint_rules.event_loop import (
    blocking_network,
    blocking_sleep,
    blocking_subprocess,
    blocking_wait,
    nested_event_loop,
)

PROBES = (
    blocking_sleep.RULE,
    blocking_network.RULE,
    blocking_subprocess.RULE,
    blocking_wait.RULE,
    nested_event_loop.RULE,
)


def found(text: str, options: Options | None = None) -> tuple[Finding, ...]:
    """What the probes find in a program."""
    return lint_text(textwrap.dedent(text), PROBES, options)


def only(text: str, options: Options | None = None) -> Finding:
    """The one thing that the probes find in a program."""
    (finding,) = found(text, options)
    return finding


def mismatches(text: str, options: Options | None = None) -> list[str]:
    """Where the probes report what is not marked, or do not report what is; none where the claim holds.

    Raises:
        ValueError: nothing is marked, so nothing is claimed.
    """
    wanted = marks(textwrap.dedent(text))
    if not wanted:
        raise ValueError("no line of the program is marked")
    got = places(found(text, options))
    lines = [f"missed {path}:{row} {code}" for path, row, code in sorted(wanted - got)]
    return lines + [f"unmarked {path}:{row} {code}" for path, row, code in sorted(got - wanted)]


def reports(text: str, options: Options | None = None) -> list[str]:
    """The places that the probes report, for claims that there are none."""
    return [f"{path}:{row} {code}" for path, row, code in sorted(places(found(text, options)))]


def is_note(text: str) -> bool:
    """Whether the one finding of a program is a note, which is not shown by default."""
    return only(text).severity == Severity.NOTE
