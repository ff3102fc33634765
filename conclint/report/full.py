"""The findings as a good compiler shows errors: the message, the line, and the path that proves it, step by step."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.explain import wrapped
from conclint.finding import Applicability, Finding, Place, Related, Severity
from conclint.report import Report
from conclint.report.frame import frame, visible, width
from conclint.report.paint import Paint

_SHOWN_PLACES = 3
_APPLIED_BY = {
    Applicability.SAFE: "`--fix` applies it",
    Applicability.UNSAFE: "`--unsafe-fixes` applies it",
    Applicability.SHOWN: "to be done by hand",
}


def render(report: Report) -> Iterator[str]:
    """Yield the findings, one after the other, with an empty line after each."""
    paint = Paint(report.colour)
    for finding in report.findings:
        yield "\n".join(_Layout(report, paint, finding).lines()) + "\n\n"


class _Layout:
    """The lines of one finding, whose frames share one gutter."""

    def __init__(self, report: Report, paint: Paint, finding: Finding) -> None:
        self.report = report
        self.paint = paint
        self.finding = finding
        rows = [finding.place.span.row, *(step.place.span.row for step in finding.related)]
        self.gutter = len(str(max(rows)))
        self.room = max(20, report.width - self.gutter - 3)

    def lines(self) -> Iterator[str]:
        finding = self.finding
        head = f"{finding.severity.name.lower()}[{finding.code}]"
        yield f"{self.paint.severity(finding.severity, head)}{self.paint.bold(f': {visible(finding.message)}')}"
        steps = list(finding.related)
        label = ""
        if steps and steps[0].place == finding.place:
            label = visible(steps.pop(0).message)
        yield from self._place("-->", finding.place, f" in `{finding.root}`" if finding.root else "")
        yield from self._frame(finding.place, label, "^", finding.severity)
        for step in steps:
            yield from self._step(step)
        notes = list(self._notes())
        if notes:
            yield self._bar()
            yield from notes

    def _step(self, step: Related) -> Iterator[str]:
        yield from self._place(":::", step.place, "")
        yield from self._frame(step.place, visible(step.message), "-", None)

    def _place(self, arrow: str, place: Place, suffix: str) -> Iterator[str]:
        where = self.report.contents.location(place)
        arrow = self.paint.gutter(" " * self.gutter + arrow)
        yield f"{arrow} {visible(place.path)}:{where.row}:{where.column}{suffix}"

    def _bar(self) -> str:
        return self.paint.gutter(" " * self.gutter + " |")

    def _frame(self, place: Place, label: str, mark: str, severity: Severity | None) -> Iterator[str]:
        line = self.report.contents.line(place.path, place.span.row)
        if not line.strip():
            if label:
                yield f"{self._bar()} {label}"
            return
        where = self.report.contents.location(place)
        end = where.end_column - 1 if where.end_row == where.row else len(line.rstrip())
        shown = frame(line, where.column - 1, end, self.room, plain=self.report.plain)
        if severity is not None:
            yield self._bar()
        yield f"{self.paint.gutter(f'{where.row:>{self.gutter}} |')} {shown.text}"
        yield from self._underline(mark * shown.length, shown.offset, label, severity)

    def _underline(self, marks: str, offset: int, label: str, severity: Severity | None) -> Iterator[str]:
        def coloured(text: str) -> str:
            return self.paint.step(text) if severity is None else self.paint.severity(severity, text)

        if not label or offset + len(marks) + 1 + width(label) <= self.room:
            yield f"{self._bar()} {' ' * offset}{coloured(f'{marks} {label}'.rstrip())}"
            return
        yield f"{self._bar()} {' ' * offset}{coloured(marks)}"
        # A label that is too long for its line goes below, as near to the marks as it fits.
        indent = min(offset, max(0, self.room - width(label)), self.room // 2)
        for part in wrapped(label, self.room - indent):
            yield f"{self._bar()} {' ' * indent}{coloured(part)}"

    def _notes(self) -> Iterator[str]:
        finding = self.finding
        seen = self.report.witnessed(finding)
        if seen is not None:
            yield self._note("witnessed", str(seen))
        if finding.also:
            yield self._note("also", f"{self._others(finding.also)}; `--all-places` shows each")
        if finding.help:
            yield self._note("help", finding.help)
        if finding.fix is not None:
            yield self._note("fix", f"{finding.fix.message} ({_APPLIED_BY[finding.fix.applicability]})")

    def _others(self, places: tuple[Place, ...]) -> str:
        some = [f"{visible(place.path)}:{place.span.row}" for place in places[:_SHOWN_PLACES]]
        rest = len(places) - len(some)
        count = "1 more place" if len(places) == 1 else f"{len(places)} more places"
        return f"reached from {count}: {', '.join(some)}{f' and {rest} more' if rest else ''}"

    def _note(self, title: str, text: str) -> str:
        lead = f"{self.paint.gutter(' ' * self.gutter + ' =')} {self.paint.bold(f'{title}:')} "
        parts = wrapped(text, max(30, self.report.width - self.gutter - len(title) - 5))
        return lead + f"\n{' ' * (self.gutter + len(title) + 5)}".join(parts)
