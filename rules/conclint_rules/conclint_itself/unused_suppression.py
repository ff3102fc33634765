"""CON003: a comment that silences nothing."""

from __future__ import annotations

from conclint.finding import Severity
from conclint.rule import Rule
from conclint_rules.conclint_itself.nowhere import nothing

RULE = Rule(
    code="CON003",
    name="unused-suppression",
    check=nothing,
    severity=Severity.WARNING,
    summary="A suppression comment names a rule that finds nothing where the comment stands.",
    why=(
        "The comment says that there is a hazard where there is none any more, and would hide the next one that is "
        "brought in. It is judged where the run sees the whole program and every rule takes part that the comment "
        "names and that is on by default. A blanket `# noqa` is never reported: other tools may use it."
    ),
    use_instead="Remove the comment, or the code from its list.",
    bad="""\
import asyncio


async def poll():
    await asyncio.sleep(1)  # conclint: ignore[CON101] nothing else runs on this loop
""",
    good="""\
import asyncio


async def poll():
    await asyncio.sleep(1)
""",
    near_misses=(),
    references=("https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code",),
    since="0.1",
    no_witness="it is about a comment, not about what the program does",
)
