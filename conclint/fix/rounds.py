"""Mending a file: fixes are made in rounds, and each round is checked before it counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from conclint.finding import Applicability, Finding
from conclint.fix.applied import Applied, Left, apply
from conclint.fix.verify import Key, Reading, key, members, reading, worse

ROUNDS = 10
"""Overlapping fixes wait for the next round; nesting deeper than this waits for the next run."""

Relint = Callable[[bytes], Sequence[Finding]]


@dataclass(frozen=True, slots=True)
class Mended:
    """What became of a file: `new` is `old` with all fixes that held, `left` tells of the others why they did not."""

    path: str
    old: bytes
    new: bytes
    fixed: tuple[Finding, ...]
    left: tuple[Left, ...]
    rounds: int


def mend(
    path: str,
    source: bytes,
    findings: Iterable[Finding],
    relint: Relint,
    *,
    applicability: Applicability = Applicability.SAFE,
) -> Mended:
    """Make all fixes of a file that hold. Nothing is written and nothing is raised.

    A round's result counts if it reads as well as the file did before, has none of the findings that it mended, and
    none that was not there. A fix that spoils its round is found by halving, and left; the others go on.

    Parameters:
        path: the file's path, as in the findings.
        source: its bytes.
        findings: all that is found in it, with fixes and without.
        relint: finds again, in other bytes for the same path.
        applicability: the least that a fix must have to be made.
    """
    before = list(findings)
    run = _Run(source, before, relint, applicability)
    try:
        while run.rounds < ROUNDS and run.round(path):
            pass
        if run.rounds == ROUNDS:
            run.give_up(path)
    except Exception as error:
        reason = f"internal error: {type(error).__name__}: {error}"
        return Mended(path, source, source, (), tuple(Left(item, reason) for item in run.wanted(path, before)), 0)
    return Mended(path, source, run.source, tuple(run.fixed), tuple(run.left), run.rounds)


@dataclass(slots=True)
class _Run:
    """The state between rounds. `refused` are fixes that did not hold: another round would not change that."""

    source: bytes
    findings: Sequence[Finding]
    relint: Relint
    applicability: Applicability
    fixed: list[Finding] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    refused: set[tuple[Key, bytes]] = field(default_factory=set)
    rounds: int = 0

    def wanted(self, path: str, findings: Iterable[Finding]) -> list[Finding]:
        """The findings of this file, those of groups among them, whose fix may be made."""
        return [
            finding
            for finding in members(findings)
            if finding.place.path == path and finding.fix and finding.fix.applicability >= self.applicability
        ]

    def round(self, path: str) -> bool:
        """Make what can be made together. Returns whether another round may do more."""
        candidates = [item for item in self.wanted(path, self.findings) if self._known_by(item) not in self.refused]
        if not candidates:
            return False
        tried = apply(self.source, candidates)
        for item in tried.left:
            if not item.waits:
                self._refuse(item)
        if not tried.fixed:
            return False
        self.rounds += 1
        kept, source, findings = self._holding(tried)
        if not kept:
            return any(item.waits for item in tried.left)
        self.source, self.findings = source, findings
        self.fixed += kept
        return True

    def give_up(self, path: str) -> None:
        """Leave what is still to be made."""
        for item in self.wanted(path, self.findings):
            if self._known_by(item) not in self.refused:
                self.left.append(Left(item, f"it was not reached in {ROUNDS} rounds"))

    def _holding(self, tried: Applied) -> tuple[list[Finding], bytes, Sequence[Finding]]:
        """Those fixes of a round that hold together, with the source and the findings that they lead to."""
        kept: list[Finding] = []
        source, findings = self.source, self.findings
        groups = [list(tried.fixed)]
        while groups:
            group = groups.pop(0)
            together = apply(self.source, [*kept, *group])
            reason, after = self._judge(together)
            if reason is None:
                kept, source, findings = kept + group, together.source, after
            elif len(group) == 1:
                self._refuse(Left(group[0], reason))
            else:
                half = len(group) // 2
                groups[:0] = [group[:half], group[half:]]
        return kept, source, findings

    def _judge(self, result: Applied) -> tuple[str | None, Sequence[Finding]]:
        if result.left:
            return result.left[0].reason, ()
        if result.source == self.source:
            return "it changes nothing", ()
        if reading(result.source) < max(reading(self.source), Reading.LIBCST):
            return "the result would not be valid Python", ()
        after = self.relint(result.source)
        return worse(self.findings, after, result.fixed), after

    def _refuse(self, left: Left) -> None:
        self.refused.add(self._known_by(left.finding))
        self.left.append(left)

    def _known_by(self, finding: Finding) -> tuple[Key, bytes]:
        """The finding and its line, for lines may move between rounds."""
        lines = self.source.splitlines()
        row = finding.place.span.row
        return key(finding), lines[row - 1].strip() if 0 < row <= len(lines) else b""
