"""The road from files to findings: read, extract, link, judge."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conclint import facts as vocabulary
from conclint.extract import extract
from conclint.facts import Facts
from conclint.finding import Confidence, Finding, Place, Severity, Span
from conclint.judge import Failure, judge
from conclint.rule import Rule
from conclint.source import Unreadable, decode, read

if TYPE_CHECKING:
    from conclint.config import Settings
    from conclint.program.program import Program
    from conclint.suppress import Suppression


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a run found, before suppression and selection.

    `suppressions` holds the comments of the files that have some, `timings` the seconds of each stage.
    """

    findings: tuple[Finding, ...]
    suppressions: Mapping[str, tuple[Suppression, ...]]
    failures: tuple[Failure, ...]
    files: int
    timings: Mapping[str, float]


def analyse(
    files: Sequence[str],
    settings: Settings,
    rules: Sequence[Rule],
    *,
    progress: Callable[[int, int], None] | None = None,
    overlay: Mapping[str, bytes] = {},  # noqa: B006  # never written to
) -> Analysis:
    """Lint files as one program.

    Parameters:
        files: the paths to report on, written as the findings shall show them.
        rules: those to judge by.
        progress: told how many of how many files have been read.
        overlay: contents to take instead of what lies on disk (standard input, unsaved editors).
    """
    timings: dict[str, float] = {}
    with _without_collector():
        start = time.perf_counter()
        readable: list[tuple[str, Facts]] = []
        findings: list[Finding] = []
        for number, path in enumerate(files, 1):
            source = decode(path, overlay[path]) if path in overlay else read(path)
            if isinstance(source, Unreadable):
                findings.append(_unreadable(source))
            else:
                facts = vocabulary.decode(vocabulary.encode(extract(source)))
                readable.append((path, facts))
                if facts.error is not None:
                    findings.append(_syntax_error(path, facts.error))
            if progress is not None:
                progress(number, len(files))
        timings["extract"] = time.perf_counter() - start
        start = time.perf_counter()
        program = link(readable, settings)
        timings["link"] = time.perf_counter() - start
        start = time.perf_counter()
        judged, failures = judge(program, rules)
        timings["judge"] = time.perf_counter() - start
    suppressions = {path: facts.suppressions for path, facts in readable if facts.suppressions}
    return Analysis((*findings, *judged), suppressions, failures, len(files), timings)


def link(files: Sequence[tuple[str, Facts]], settings: Settings) -> Program:
    """The program that these facts make, with the knowledge that its imports ask for."""
    from conclint.knowledge import load
    from conclint.knowledge.user import extend
    from conclint.program.program import Options, Program

    packages = {package for _, facts in files for package in facts.packages}
    knowledge = load(packages)
    extend(knowledge, settings.blocking, settings.offloads)
    options = Options(
        settings.target_version,
        settings.safe,
        settings.contexts.items(),
        settings.extra_roots,
        settings.min_confidence,
    )
    return Program(sorted(files, key=lambda item: item[0]), knowledge, options)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Run without the cyclic collector: facts hold no cycles, and looking for some doubled the time of linking."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _unreadable(source: Unreadable) -> Finding:
    return Finding(
        "CON001",
        "unreadable-file",
        f"cannot be read ({source.reason}): nothing in it is checked",
        Place(source.path, Span(1, 0, 1, 0)),
        Severity.ERROR,
        Confidence.CERTAIN,
    )


def _syntax_error(path: str, error: tuple[int, int, str]) -> Finding:
    row, column, reason = error
    return Finding(
        "CON002",
        "syntax-error",
        f"{reason}: nothing in the file is checked",
        Place(path, Span(row, column, row, column + 1)),
        Severity.ERROR,
        Confidence.CERTAIN,
    )
