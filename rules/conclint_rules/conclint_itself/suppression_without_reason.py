"""CON005: a comment that silences and does not say why."""

from __future__ import annotations

from conclint.finding import Severity
from conclint.rule import Rule
from conclint_rules.conclint_itself.nowhere import nothing

RULE = Rule(
    code="CON005",
    name="suppression-without-reason",
    check=nothing,
    severity=Severity.WARNING,
    default=False,
    summary="A `# conclint: ignore` comment has no text after its brackets.",
    why=(
        "Whether a hazard is harmless depends on facts that change: what else runs on the loop, how long the call "
        "takes, who calls it. Without the reason the next reader cannot tell whether it still holds."
    ),
    use_instead="Say in a few words, after the brackets, why the finding does no harm there.",
    bad="""\
import time


async def poll():
    time.sleep(1)  # conclint: ignore[CON101]
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
