"""One run: from files and settings to the findings that are shown.

Everything is passed in, the engine too, so that other faces (the library, the editor, tests) run the same way.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import msgspec

from conclint import suppress
from conclint.config import Settings, selected
from conclint.finding import Finding, Place, Severity
from conclint.rule import Rule

if TYPE_CHECKING:
    from conclint.engine import Analysis
    from conclint.judge import Failure

Progress = Callable[[int, int], None]


class Analyse(Protocol):
    """The engine, as `conclint.engine.analyse`."""

    def __call__(
        self,
        files: Sequence[str],
        settings: Settings,
        rules: Sequence[Rule],
        *,
        progress: Progress | None = None,
        overlay: Mapping[str, bytes] = ...,
    ) -> Analysis:
        """What the engine finds in `files`, before selection and suppression."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run gave.

    `findings` are shown; `hidden` says how many more there are that severity or confidence keep back. `failures` are
    rules and files that broke conclint itself. `timings` are in seconds, by stage. `warning` tells of a cache that
    cannot be used.
    """

    findings: tuple[Finding, ...]
    hidden: int = 0
    failures: tuple[Failure, ...] = ()
    files: int = 0
    timings: Mapping[str, float] = dataclasses.field(default_factory=dict)
    warning: str = ""


def lint(
    files: Sequence[str],
    settings: Settings,
    rules: Sequence[Rule],
    analyse: Analyse,
    *,
    progress: Progress | None = None,
    overlay: Mapping[str, bytes] = {},
    partial: bool = False,
) -> Outcome:
    """Run the selected of `rules` over `files`.

    Parameters:
        files: the paths to report on.
        rules: all that exist.
        progress: called with how many files are done, of how many.
        overlay: contents of files that are not, or not yet, on disk.
        partial: whether `files` are only a part of a program, as `conclint.discovery` tells.

    Raises:
        KeyError: a pattern of the settings names no rule; `config.check_patterns` tells before.
    """
    codes = selected(settings, rules)
    active = [rule for rule in rules if rule.code in codes]
    analysis = analyse(files, settings, active, progress=progress, overlay=overlay)
    begin = time.perf_counter()
    failed = frozenset(failure.rule for failure in analysis.failures)
    left = suppress.apply(analysis.findings, analysis.suppressions, settings, rules, failed, partial=partial)
    left = expanded(left) if settings.all_places else left
    left = one_for_each_place(left)
    findings = visible(left, settings, rules)
    timings = {**analysis.timings, "suppress": time.perf_counter() - begin}
    return Outcome(findings, len(left) - len(findings), analysis.failures, analysis.files, timings, analysis.warning)


def visible(findings: Sequence[Finding], settings: Settings, rules: Sequence[Rule]) -> tuple[Finding, ...]:
    """Those that are severe and sure enough to be shown.

    Without a minimum, a note of a rule whose findings are worse by nature is kept back: it was lowered for the phase
    of life that it stands in, where it is mostly harmless.
    """
    natural = {rule.code: rule.severity for rule in rules}

    def severe(finding: Finding) -> bool:
        if settings.min_severity is not None:
            return finding.severity >= settings.min_severity
        return finding.severity > Severity.NOTE or natural.get(finding.code, Severity.NOTE) == Severity.NOTE

    def shown(finding: Finding) -> bool:
        return finding.confidence >= settings.min_confidence and severe(finding)

    return tuple(_counting(each, shown) for each in findings if shown(each))


def _counting(finding: Finding, shown: Callable[[Finding], bool]) -> Finding:
    """The finding with those of its other places that would be shown, too, if they stood alone."""
    if not finding.others:
        return finding
    others = tuple(other for other in finding.others if shown(other))
    if len(others) == len(finding.others):
        return finding
    hidden = {other.place for other in finding.others} - {other.place for other in others}
    also = tuple(place for place in finding.also if place not in hidden)
    return msgspec.structs.replace(finding, also=also, others=others)


def one_for_each_place(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Where one call leads to several primitives it is one thing to mend: the nearest of them is shown.

    This comes after suppression, so that a comment at one primitive leaves the others.
    """
    best: dict[tuple[str, Place], Finding] = {}
    for finding in findings:
        key = (finding.code, finding.place)
        known = best.get(key)
        if known is None:
            best[key] = finding
            continue
        first, second = sorted((known, finding), key=lambda one: one.rank)
        also = tuple(sorted({*first.also, *second.also} - {first.place}))
        best[key] = msgspec.structs.replace(first, also=also, others=(*first.others, *second.others))
    return tuple(best.values())


def expanded(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each place of each group as a finding of its own."""
    found = []
    for finding in findings:
        found.append(msgspec.structs.replace(finding, also=(), others=()))
        known = {other.place: other for other in finding.others}
        found.extend(known.get(place) or suppress.moved(finding, place, ()) for place in finding.also)
    return tuple(sorted(found, key=lambda finding: finding.sort_key))
