"""CON004: a comment that names no rule."""

from __future__ import annotations

from conclint.finding import Severity
from conclint.rule import Rule
from conclint_rules.conclint_itself.nowhere import nothing

RULE = Rule(
    code="CON004",
    name="unknown-code-in-suppression",
    check=nothing,
    severity=Severity.WARNING,
    summary="A suppression comment has a code or name in brackets that no rule has.",
    why=(
        "Nothing is silenced by it, though its writer meant to. In a `# noqa` only codes that begin with `CON` are "
        "judged: the others are those of other tools."
    ),
    use_instead="Write the code of a rule, the beginning of one for a whole family, or its name.",
    bad="""\
import time


async def poll():
    time.sleep(1)  # conclint: ignore[CON1O1] nothing else runs on this loop
""",
    good="""\
import time


async def poll():
    time.sleep(1)  # conclint: ignore[CON101] nothing else runs on this loop
""",
    near_misses=(),
    references=("https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code",),
    since="0.1",
    no_witness="it is about a comment, not about what the program does",
)
