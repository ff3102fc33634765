"""CON002: a file that is not valid Python."""

from __future__ import annotations

from conclint.finding import Severity
from conclint.rule import Rule
from conclint_rules.conclint_itself.nowhere import nothing

RULE = Rule(
    code="CON002",
    name="syntax-error",
    check=nothing,
    severity=Severity.ERROR,
    summary="A file is not valid Python in any version up to 3.14, whichever Python conclint runs under.",
    why=(
        "Nothing in the file is checked, and what other files reach through it is not known. A run that passed over "
        "it in silence would look clean."
    ),
    use_instead="Correct the file, or exclude it where it is a template or is written for Python 2.",
    bad="""\
print "hello"
""",
    good="""\
print("hello")
""",
    near_misses=(),
    references=("https://docs.python.org/3/tutorial/errors.html#syntax-errors",),
    since="0.1",
    no_witness="the program does not run",
)
