"""The contract of a rule.

A rule is a value: a code, a name, documentation as data, executed examples, and a plain generator function that
takes the linked `Program` and yields findings. It keeps no state, walks no tree and reads no file; what it needs to
know of the code is in the program, and where it is not, a fact is missing. The rules that a run uses are
one tuple (`conclint_rules.catalogue.RULES`) and what installed packages add through the entry-point group
`conclint.rules`; nothing registers itself on import.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conclint.finding import Applicability, Finding, Severity

if TYPE_CHECKING:
    from conclint.program.program import Program

Check = Callable[["Program"], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class NearMiss:
    """Code that looks like the pitfall and must stay silent. `reason` says why, and names the test."""

    reason: str
    source: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One pitfall.

    `bad` is a runnable program with `# CONnnn` at the end of each line that must be reported, and no other line may
    be. `good` is what is written instead; where the rule has a fix it is what the fix makes of `bad`, to the byte.
    `cases` are further programs with such marks: other forms, longer paths. An example may hold several files, each
    begun by a line `# file: name.py`. `witness` names what the runtime's guard sees when `bad` runs, or "" with
    `no_witness` saying why nothing can be seen. With `by_module` the rule is asked about one module after the other
    (`program.part`), and not again about those where nothing that it rests on has changed: what it yields for all
    modules together must be what it yields for each.
    """

    code: str
    name: str
    summary: str
    why: str
    use_instead: str
    check: Check
    severity: Severity
    bad: str
    good: str
    near_misses: tuple[NearMiss, ...]
    references: tuple[str, ...]
    since: str
    cases: tuple[str, ...] = ()
    default: bool = True
    fix: Applicability | None = None
    fix_safety: str = ""
    known_problems: str = ""
    witness: str = ""
    no_witness: str = ""
    by_module: bool = False

    @property
    def url(self) -> str:
        """The page of the rule in the project's documentation."""
        return f"https://conclint.readthedocs.io/rules/{self.code}-{self.name}"


class CatalogueError(Exception):
    """A rule set that is not valid: the message names the rule and what is wrong with it."""


_CODE = re.compile(r"[A-Z]{3,4}[0-9]{3,4}")
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def validate(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return the rules in the order of their codes.

    Raises:
        CatalogueError: two rules share a code or a name, or a rule lacks a part that its contract asks for.
    """
    found: dict[str, Rule] = {}
    names: dict[str, Rule] = {}
    for rule in rules:
        if not _CODE.fullmatch(rule.code):
            raise CatalogueError(f"{rule.code!r}: a code is three or four capital letters and three or four digits")
        if not _NAME.fullmatch(rule.name):
            raise CatalogueError(f"{rule.code}: the name {rule.name!r} is not lower-case words joined by hyphens")
        if rule.code in found or rule.name in names:
            raise CatalogueError(f"{rule.code} ({rule.name}) is defined twice")
        if not (rule.summary and rule.why and rule.use_instead and rule.references):
            raise CatalogueError(f"{rule.code}: summary, why, use_instead and references must be given")
        if rule.fix is not None and not rule.fix_safety:
            raise CatalogueError(f"{rule.code}: a rule with a fix says in `fix_safety` when it is safe")
        found[rule.code] = names[rule.name] = rule
    return tuple(found[code] for code in sorted(found))


def select(rules: Sequence[Rule], patterns: Iterable[str]) -> frozenset[str]:
    """The codes that `patterns` name: codes, prefixes of codes, names, `ALL`.

    Raises:
        KeyError: a pattern names no rule; its argument is the pattern.
    """
    chosen: set[str] = set()
    for pattern in patterns:
        hits = {
            rule.code
            for rule in rules
            if pattern == "ALL" or rule.code.startswith(pattern.upper()) or rule.name == pattern.lower()
        }
        if not hits or not pattern:
            raise KeyError(pattern)
        chosen |= hits
    return frozenset(chosen)
