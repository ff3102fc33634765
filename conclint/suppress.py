"""Comments that silence findings, and what becomes of the findings.

    time.sleep(1)  # conclint: ignore[CON101] the loop is not running yet
    # conclint: ignore[blocking-sleep] alone on its line, it speaks for the statement below it
    # conclint: ignore-file[CON1] anywhere, it speaks for the whole file
    time.sleep(1)  # noqa: CON101

In brackets stand codes, prefixes of codes or names; without brackets every code is meant. A comment covers all rows
of the statement that it stands in.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import msgspec

from conclint.finding import Finding, Place, Span
from conclint.lexemes import LEXEME, NEWLINE, logical_lines

if TYPE_CHECKING:
    from conclint.config import Settings
    from conclint.patterns import PerFile
    from conclint.rule import Rule

Kind = Literal["ignore", "ignore-file", "noqa"]


class Suppression(msgspec.Struct, frozen=True, array_like=True):
    """One directive in a comment.

    `codes` is as written (upper case for `noqa`), empty for all. `span` is the comment from its `#`;
    `first_row` and `last_row` are the rows that it covers, which for `ignore-file` do not matter.
    """

    kind: Kind
    codes: tuple[str, ...]
    reason: str
    span: Span
    first_row: int
    last_row: int


_LONGEST = 1000
"""Characters of a comment that are looked at: what is longer is data, and could be made to take for ever."""
# A header in parentheses goes on behind the last expression in it, which is all that the tree tells.
_HEADER = re.compile(r"[ \t\f]*(?:(?:async|case|class|def|elif|except|for|if|match|while|with)\b|@)")
_DIRECTIVE = re.compile(
    r"#\s*conclint\s*:\s*(?P<kind>ignore-file|ignore)(?![\w-])[ \t]*"
    r"(?:\[(?P<codes>[^\]]*)(?:\]|$))?(?P<reason>.*?)(?=\s+#\s*(?:noqa|type:|conclint|pylint|pragma|fmt:)|\s*$)",
    re.IGNORECASE,
)
_NOQA = re.compile(r"#\s*noqa(?![\w-])(?:\s*:\s*(?P<codes>[A-Z]+[0-9]*(?:[\s,]+[A-Z]+[0-9]+)*))?", re.IGNORECASE)
# The shape of a rule's code or a prefix of it; what others check (E501, F401) is not worth remembering.
_OURS = re.compile(r"[A-Z]{3,4}[0-9]{0,4}")
_SEPARATORS = " \t:-\N{EN DASH}\N{EM DASH}"


def comments(text: str, extents: Sequence[tuple[int, int]]) -> tuple[Suppression, ...]:
    """The directives of a file.

    Parameters:
        text: the decoded source, with any newlines.
        extents: first and last row of each simple statement or header of a compound one that has several rows.
    """
    if not _hints_at_one(text):
        return ()
    found: list[Suppression] = []
    rows = _Rows(text, extents)
    for lexeme in LEXEME.finditer(text):
        if lexeme.lastgroup == "comment" and _hints_at_one(lexeme.group()):
            found.extend(_directives(lexeme.group()[:_LONGEST], lexeme.start(), rows))
    return tuple(found)


def _hints_at_one(text: str) -> bool:
    # In most files there is none. Lowering and searching twice is several times as fast as one expression.
    text = text.lower()
    return "noqa" in text or "conclint" in text


class _Rows:
    """Where rows begin, and which belong together."""

    def __init__(self, text: str, extents: Sequence[tuple[int, int]]) -> None:
        self.text = text
        self.starts = [0, *(newline.end() for newline in NEWLINE.finditer(text))]
        self.extents = sorted(extents)
        self.firsts = [first for first, _ in self.extents]

    def at(self, offset: int) -> int:
        return bisect_right(self.starts, offset)

    def span(self, start: int, end: int) -> Span:
        row = self.at(start)
        line = self.starts[row - 1]
        column = len(self.text[line:start].encode("utf-8", "surrogatepass"))
        return Span(row, column, row, column + len(self.text[start:end].encode("utf-8", "surrogatepass")))

    @cached_property
    def headers(self) -> list[tuple[int, int]]:
        """First and last row of each header of a compound statement, and of each decorator, that has several."""
        lines = logical_lines(self.text)
        return [
            (line.first_row, line.last_row)
            for line in lines
            if line.first_row != line.last_row and _HEADER.match(self.text, self.starts[line.first_row - 1])
        ]

    def statement(self, row: int) -> tuple[int, int]:
        """The rows of the statement that `row` is part of; two statements can share a row."""
        last = bisect_right(self.firsts, row)
        touching = [extent for extent in self.extents[max(0, last - 2) : last] if extent[1] >= row]
        touching += [header for header in self.headers if header[0] <= row <= header[1]]
        return (min([row, *(first for first, _ in touching)]), max([row, *(end for _, end in touching)]))

    def next_code(self, row: int) -> int:
        """The first row after `row` that has more than a comment, or `row` itself at the end of the file."""
        for index in range(row, len(self.starts)):
            end = self.starts[index + 1] if index + 1 < len(self.starts) else len(self.text)
            line = self.text[self.starts[index] : end].strip()
            if line and not line.startswith("#"):
                return index + 1
        return row

    def covered(self, offset: int) -> tuple[int, int]:
        """The rows that a comment at `offset` speaks for."""
        row = self.at(offset)
        first, last = self.statement(row)
        if first == last and not self.text[self.starts[row - 1] : offset].strip():
            return (row, self.statement(self.next_code(row))[1])
        return (first, last)


def _directives(comment: str, offset: int, rows: _Rows) -> Iterator[Suppression]:
    for match in _DIRECTIVE.finditer(comment):
        kind: Kind = "ignore-file" if match["kind"].lower() == "ignore-file" else "ignore"
        codes = tuple(code.strip() for code in re.split(r"[,\s]+", match["codes"] or "") if code.strip())
        if match["codes"] is not None and not codes:
            continue
        first, last = rows.covered(offset)
        span = rows.span(offset + match.start(), offset + len(match.group().rstrip()) + match.start())
        yield Suppression(kind, codes, match["reason"].strip(_SEPARATORS), span, first, last)
    for match in _NOQA.finditer(comment):
        written = [code.upper() for code in re.split(r"[,\s]+", match["codes"] or "") if code]
        # As for flake8, what follows the colon and is no code (words instead) leaves the comment a blanket one.
        codes = tuple(code for code in written if _OURS.fullmatch(code) and (code[-1].isdigit() or code == "CON"))
        if not codes and any(code[-1].isdigit() for code in written):
            continue
        first, last = rows.statement(rows.at(offset))
        span = rows.span(offset + match.start(), offset + match.end())
        yield Suppression("noqa", codes, "", span, first, last)


def apply(
    findings: Iterable[Finding],
    suppressions: Mapping[str, Sequence[Suppression]],
    settings: Settings,
    rules: Sequence[Rule],
    failed: frozenset[str] = frozenset(),
    *,
    partial: bool = False,
) -> tuple[Finding, ...]:
    """Take out what is silenced or not selected, and add what is wrong with the silencing itself.

    A comment at the primitive silences the whole group of a finding; one at the place that is shown, or at one of the
    other places, only that place: the next takes over. Comments are judged before severity and confidence are, so one
    that silences a finding that would be hidden anyway counts as used.

    Parameters:
        suppressions: by path, as `comments` gave them.
        rules: all that exist, not only the selected.
        failed: codes of rules that broke; whether a comment for them is used cannot be known.
        partial: the run has seen only a part of the program, so that no comment can be called unused.

    Returns:
        the findings that are left, in order.
    """
    from conclint import config
    from conclint.judge_suppressions import UNUSED, about
    from conclint.patterns import PerFile

    codes = config.selected(settings, rules)
    ledger = Ledger(suppressions, PerFile(settings.root, settings.per_file_ignores))
    unparsed = set()
    kept = []
    for finding in findings:
        if finding.name in ("syntax-error", "unreadable-file"):
            unparsed.add(finding.place.path)
        left = ledger.keep(finding) if finding.code in codes else None
        if left is not None:
            kept.append(left)
    unjudged = {rule.code for rule in rules if partial and rule.name == UNUSED}
    judged = {path: comments for path, comments in suppressions.items() if path not in unparsed}
    kept.extend(
        finding
        for finding in about(judged, ledger.used, codes - failed - unjudged, rules)
        if not ledger.silenced(finding.place, finding.code, finding.name, named_only=True)
    )
    return tuple(sorted(kept, key=lambda finding: finding.sort_key))


class Ledger:
    """Which comments speak for a place, and which have silenced something.

    `used` has the path, the comment and the pattern in it ("" where it has none) of each that did.
    """

    def __init__(self, suppressions: Mapping[str, Sequence[Suppression]], per_file: PerFile) -> None:
        self.suppressions = suppressions
        self.per_file = per_file
        self.used: set[tuple[str, Suppression, str]] = set()

    def silenced(self, place: Place, code: str, name: str, *, named_only: bool = False) -> bool:
        """Whether a comment or a per-file ignore speaks for the place; `named_only` leaves out blanket comments."""
        hit = self.per_file.ignores(place.path, code, name)
        for each in self.suppressions.get(place.path, ()):
            if each.kind == "ignore-file" or each.first_row <= place.span.row <= each.last_row:
                for pattern in each.codes or (() if named_only else ("",)):
                    if matches(pattern, code, name):
                        self.used.add((place.path, each, pattern))
                        hit = True
        return hit

    def keep(self, finding: Finding) -> Finding | None:
        """What is left of a finding, moved to the first place that is not silenced; None for nothing."""
        whole = finding.primitive is not None and self.silenced(finding.primitive, finding.code, finding.name)
        also = tuple(place for place in finding.also if not self.silenced(place, finding.code, finding.name))
        others = tuple(other for other in finding.others if other.place in also)
        shown = not self.silenced(finding.place, finding.code, finding.name)
        if whole:
            return None
        if shown:
            return finding if also == finding.also else msgspec.structs.replace(finding, also=also, others=others)
        if not also:
            return None
        if not others:
            return moved(finding, also[0], also[1:])
        first = others[0]
        rest = tuple(place for place in also if place != first.place)
        return msgspec.structs.replace(first, also=rest, others=others[1:])


def matches(pattern: str, code: str, name: str) -> bool:
    """Whether a pattern of a selection or a comment names the rule. "" names each."""
    return pattern in ("", "ALL") or code.startswith(pattern.upper()) or name == pattern.lower()


def moved(finding: Finding, place: Place, also: tuple[Place, ...]) -> Finding:
    """The finding at another place of its group, of which only the place is known: not the way, and no fix."""
    related = tuple(step for step in finding.related if step.place == finding.primitive)
    return msgspec.structs.replace(finding, place=place, also=also, related=related, root="", fix=None, others=())
