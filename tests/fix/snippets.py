"""Findings for the fix tests, addressed by the text they stand on."""

from __future__ import annotations

from conclint.finding import (
    Applicability,
    Confidence,
    Edit,
    Finding,
    Fix,
    Place,
    ReplaceExpression,
    Severity,
    Slot,
    Span,
)
from conclint.fix.applied import Applied, apply
from conclint.source import Source, decode

PATH = "app.py"


def span(source: str | bytes, text: str, nth: int = 0) -> Span:
    """The span of the `nth` occurrence of `text`, as `ast` counts."""
    data = source.encode() if isinstance(source, str) else source
    read = decode(PATH, data)
    assert isinstance(read, Source)
    start = -1
    for _ in range(nth + 1):
        start = read.text.index(text, start + 1)
    return Span(*_place(read.text, start), *_place(read.text, start + len(text)))


def _place(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset].replace("\r\n", "\n\0").replace("\r", "\n")
    line = before.rpartition("\n")[2].replace("\0", "")
    return before.count("\n") + 1, len(line.encode())


def finding(
    at: Span, *edits: Edit, code: str = "CON101", message: str = "it blocks", applicability: Applicability | None = None
) -> Finding:
    """A finding at a span, with a fix of these edits."""
    fix = Fix(applicability or Applicability.SAFE, "mend it", edits)
    return Finding(code, "a-pitfall", message, Place(PATH, at), Severity.WARNING, Confidence.CERTAIN, fix=fix)


def replace(source: str | bytes, old: str, template: str, nth: int = 0, **slots: str) -> ReplaceExpression:
    """An edit of the `nth` occurrence of `old`; each slot is the first occurrence of its text within it."""
    at = span(source, old, nth)
    return ReplaceExpression(at, template, within(at, old, slots))


def within(at: Span, old: str, slots: dict[str, str]) -> tuple[Slot, ...]:
    """The slots whose texts lie in `old`, which stands at `at`."""
    found = []
    for name, text in slots.items():
        offset = old.index(text)
        row, column = _beyond(at, old[:offset])
        end_row, end_column = _beyond(at, old[: offset + len(text)])
        found.append(Slot(name, Span(row, column, end_row, end_column)))
    return tuple(found)


def _beyond(at: Span, text: str) -> tuple[int, int]:
    row, column = _place(text, len(text))
    return at.row + row - 1, column + (at.column if row == 1 else 0)


def awaited_sleep(source: str | bytes, args: str = "1", nth: int = 0, old: str = "") -> Finding:
    """`time.sleep(args)` becomes `await asyncio.sleep(args)`."""
    old = old or f"time.sleep({args})"
    edit = replace(source, old, "await {@asyncio.sleep}({args})", nth, args=args)
    return finding(edit.span, edit)


def fixed(source: str | bytes, *findings: Finding) -> bytes:
    """The new source, where all fixes must have been made."""
    result = applied(source, *findings)
    assert result.left == ()
    return result.source


def applied(source: str | bytes, *findings: Finding) -> Applied:
    """What `apply` makes of a source."""
    return apply(source.encode() if isinstance(source, str) else source, findings)
