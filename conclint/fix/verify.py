"""What must hold of a mended file before anybody sees it."""

from __future__ import annotations

import ast
import enum
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from conclint.finding import Finding
from conclint.fix.refusal import RefusalError
from conclint.fix.text import decode
from conclint.fix.tree import parse

Key = tuple[str, str, str]


class Reading(enum.IntEnum):
    """The strictest reader that takes a file. A fix must not lose a rank."""

    NONE = 0
    LIBCST = 1
    """Syntax that is newer than the interpreter's."""
    AST = 2
    """The grammar holds, but not what the compiler asks for, as `await` at the top level of a notebook."""
    COMPILER = 3


def reading(source: bytes) -> Reading:
    """Which readers take these bytes. Nothing of them is run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for rank, flags in ((Reading.COMPILER, 0), (Reading.AST, ast.PyCF_ONLY_AST)):
            try:
                compile(source, "<mended>", "exec", flags, dont_inherit=True)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue
            return rank
    try:
        parse(decode(source))
    except RefusalError:
        return Reading.NONE
    return Reading.LIBCST


def worse(before: Sequence[Finding], after: Sequence[Finding], fixed: Iterable[Finding]) -> str | None:
    """Say what is wrong with the findings after a fix: one that was fixed is still there, or one is new.

    Findings are compared by file, code and message, not by line, which moves. A finding that stands for a group counts
    as all of the group: where the first is mended, another takes its place.
    """
    old, new = _count(before), _count(after)
    wanted = Counter(key(finding) for finding in fixed)
    for gone, times in wanted.items():
        if new[gone] > old[gone] - times:
            return f"{gone[1]} is still found after the fix"
    groups = {finding.code for finding in before if finding.also and not finding.others}
    for found, times in new.items():
        if times > old[found] and not (found[1] in groups and _of(new, found[1]) < _of(old, found[1])):
            return f"the fix brings a new finding, {found[1]}: {found[2]}"
    return None


def members(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings, and those that they stand for."""
    for finding in findings:
        yield finding
        yield from members(finding.others)


def key(finding: Finding) -> Key:
    """What a finding is known by when lines have moved."""
    return finding.place.path, finding.code, re.sub(r"(?<=line )\d+|(?<=:)\d+", "0", finding.message)


def _count(findings: Iterable[Finding]) -> Counter[Key]:
    count: Counter[Key] = Counter()
    for finding in members(findings):
        count[key(finding)] += 1 if finding.others else 1 + len(finding.also)
    return count


def _of(count: Counter[Key], code: str) -> int:
    return sum(times for found, times in count.items() if found[1] == code)
