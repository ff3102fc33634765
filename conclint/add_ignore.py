"""Writing suppression comments for the findings that there are."""

from __future__ import annotations

import ast
import bisect
import codecs
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from conclint import suppress
from conclint.finding import Finding
from conclint.lexemes import LogicalLine, logical_lines
from conclint.source import Source, Unreadable, read

# What is wrong with a whole file, or with a comment, is not for another comment to silence.
_NOT_BY_COMMENT = frozenset(
    (
        "unreadable-file",
        "syntax-error",
        "unused-suppression",
        "unknown-code-in-suppression",
        "suppression-without-reason",
    )
)
_OWN = re.compile(r"(#\s*conclint\s*:\s*ignore\s*\[)([^\]]*)(\])")


class Written(NamedTuple):
    """What came of a file: its new bytes, how many findings they silence, and why others could not be."""

    data: bytes
    silenced: int
    problems: tuple[str, ...]


def ignored(source: Source, wanted: Mapping[int, AbstractSet[str]], reason: str) -> Written:
    """The file with a comment at the end of each logical line that has findings.

    Parameters:
        source: the file.
        wanted: codes by the row of the finding.
        reason: what the comments give as the reason; may be empty.
    """
    text = source.text
    lines = list(logical_lines(text))
    if not lines:
        return Written(
            source.data, 0, (f"{source.path}: has brackets that are never closed; the file is left as it was",)
        )
    firsts = [line.first_row for line in lines]
    codes: dict[int, set[str]] = {}
    for row, found in wanted.items():
        codes.setdefault(max(0, bisect.bisect_right(firsts, row) - 1), set()).update(found)
    for index in sorted(codes, reverse=True):
        text = _with_comment(text, lines[index], sorted(codes[index]), reason)
    total = sum(len(each) for each in wanted.values())
    problem = _objection(source, text, wanted, lines)
    if problem:
        return Written(source.data, 0, (f"{source.path}: {problem}; the file is left as it was",))
    bom = codecs.BOM_UTF8 if source.bom else b""
    return Written(bom + text.encode(source.encoding), total, ())


def _with_comment(text: str, line: LogicalLine, codes: Sequence[str], reason: str) -> str:
    if line.comment >= 0:
        comment = text[line.comment : line.end]
        known = _OWN.search(comment)
        if known:
            merged = sorted({*(each for each in re.split(r"[,\s]+", known[2]) if each), *codes})
            return (
                text[: line.comment] + _OWN.sub(rf"\g<1>{', '.join(merged)}\g<3>", comment, count=1) + text[line.end :]
            )
    note = f"# conclint: ignore[{', '.join(codes)}] {reason}".rstrip()
    after = text[: line.end].rstrip(" \t\f")
    gap = "  " if after and after[-1] not in "\r\n" else ""
    return f"{after}{gap}{note}{text[line.end :]}"


def _objection(source: Source, text: str, wanted: Mapping[int, AbstractSet[str]], lines: Sequence[LogicalLine]) -> str:
    """Why the new text may not be written; "" where it may."""
    try:
        text.encode(source.encoding)
    except UnicodeEncodeError:
        return f"its encoding {source.encoding} cannot write the reason"
    if _tree(source.text) != _tree(text):
        return "a comment there would change the program"
    extents = [(line.first_row, line.last_row) for line in lines]
    found = suppress.comments(text, extents)
    for row, codes in wanted.items():
        for code in codes:
            if not any(
                each.first_row <= row <= each.last_row and any(suppress.matches(p, code, "") for p in each.codes)
                for each in found
            ):
                return f"no comment can be put where line {row} ends"
    return ""


def _tree(text: str) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.dump(ast.parse(text))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return ""


def plan(findings: Sequence[Finding], reason: str) -> Iterator[tuple[str, Written]]:
    """What becomes of each file that has findings. A finding's other places get the comment too."""
    wanted: dict[str, dict[int, set[str]]] = {}
    for finding in findings:
        if finding.name in _NOT_BY_COMMENT:
            continue
        for place in (finding.place, *finding.also):
            wanted.setdefault(place.path, {}).setdefault(place.span.row, set()).add(finding.code)
    for path in sorted(wanted):
        source = read(path)
        if isinstance(source, Unreadable):
            yield path, Written(b"", 0, (f"{path}: {source.reason}",))
        else:
            yield path, ignored(source, wanted[path], reason)
