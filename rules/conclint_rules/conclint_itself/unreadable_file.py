"""CON001: a file that cannot be read."""

from __future__ import annotations

from conclint.finding import Severity
from conclint.rule import Rule
from conclint_rules.conclint_itself.nowhere import nothing

RULE = Rule(
    code="CON001",
    name="unreadable-file",
    check=nothing,
    severity=Severity.ERROR,
    summary=(
        "A file cannot be read: it may not be opened, is not a regular file, is larger than 16 MiB, or its bytes are "
        "not in the encoding that it declares (UTF-8 where it declares none)."
    ),
    why=(
        "Nothing in the file is checked, and what other files reach through it is not known. A run that passed over "
        "it in silence would look clean."
    ),
    use_instead="Correct the encoding or the permissions of the file, or exclude it.",
    bad="""\
# -*- coding: latin-one -*-
print("hello")
""",
    good="""\
# -*- coding: latin-1 -*-
print("hello")
""",
    near_misses=(),
    known_problems="",
    references=("https://peps.python.org/pep-0263/",),
    since="0.1",
    no_witness="it is about the file, not about what the program does",
)
