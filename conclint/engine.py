"""The road from files to findings: read, extract, link, judge."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from conclint.cache import Cache
from conclint.facts import Facts
from conclint.finding import Confidence, Finding, Place, Severity, Span
from conclint.judge import Failure, judge
from conclint.parallel import Failed, Result, decoded, facts_of
from conclint.rule import Rule
from conclint.source import Unreadable

if TYPE_CHECKING:
    from conclint.config import Settings
    from conclint.program.program import Program
    from conclint.suppress import Suppression


NO_OVERLAY: Mapping[str, bytes] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a run found, before suppression and selection.

    `suppressions` holds the comments of the files that have some, `timings` the seconds of each stage,
    `warning` says why nothing could be cached.
    """

    findings: tuple[Finding, ...]
    suppressions: Mapping[str, tuple[Suppression, ...]]
    failures: tuple[Failure, ...]
    files: int
    timings: Mapping[str, float]
    warning: str = ""


def analyse(
    files: Sequence[str],
    settings: Settings,
    rules: Sequence[Rule],
    *,
    progress: Callable[[int, int], None] | None = None,
    overlay: Mapping[str, bytes] = NO_OVERLAY,
) -> Analysis:
    """Lint files as one program.

    Parameters:
        files: the paths to report on, written as the findings shall show them.
        rules: those to judge by.
        progress: told how many of how many files have been read.
        overlay: contents to take instead of what lies on disk (standard input, unsaved editors).

    Raises:
        KeyboardInterrupt: the user ended the run; no process of it is left.
    """
    timings: dict[str, float] = {}
    cache = Cache(settings.cache_dir) if settings.cache_dir is not None else None
    with _without_collector():
        start = time.perf_counter()
        # What has been read when the user ends the run is kept for the next.
        with cache or nullcontext():
            states = [_state(path) for path in files]
            read = _read(facts_of(states, jobs=settings.jobs, cache=cache, overlay=overlay, progress=progress))
        timings["extract"] = time.perf_counter() - start
        start = time.perf_counter()
        program = link(read.facts, settings)
        timings["link"] = time.perf_counter() - start
        start = time.perf_counter()
        judged, failures = judge(program, rules)
        timings["judge"] = time.perf_counter() - start
    suppressions = {path: facts.suppressions for path, facts in read.facts if facts.suppressions}
    warning = cache.warning if cache is not None else ""
    return Analysis((*read.findings, *judged), suppressions, (*read.failures, *failures), len(files), timings, warning)


class _State(NamedTuple):
    path: str
    mtime_ns: int
    size: int


def _state(path: str) -> _State:
    """A file as the cache knows files; one that is gone gets a state that no cache entry has."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return _State(path, 0, -1)
    return _State(path, status.st_mtime_ns, status.st_size)


@dataclass(frozen=True, slots=True)
class _Read:
    facts: list[tuple[str, Facts]]
    findings: list[Finding]
    failures: list[Failure]


def _read(results: Mapping[str, Result]) -> _Read:
    """Decode what reading gave; what cannot be used becomes a finding or a failure."""
    read = _Read([], [], [])
    for path, result in results.items():
        facts = decoded(path, result)
        if isinstance(facts, Unreadable):
            read.findings.append(_unreadable(facts))
        elif isinstance(facts, Failed):
            read.failures.append(Failure("", path, facts.reason))
        else:
            read.facts.append((path, facts))
            if facts.error is not None:
                read.findings.append(_syntax_error(path, facts.error))
    return read


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
