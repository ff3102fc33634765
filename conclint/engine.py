"""The road from files to findings: read, extract, link, judge."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from conclint.cache import Cache
from conclint.facts import Facts
from conclint.finding import Finding
from conclint.judge import Failure, ask, gathered
from conclint.parallel import facts_of
from conclint.reading import State, read, state
from conclint.rule import Rule
from conclint.since import Found, keep, knowledge, options, since

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
    cache = Cache(settings.cache_dir) if settings.cache_dir is not None else None
    # What has been read when the user ends the run is kept for the next.
    with _without_collector(), cache or nullcontext():
        states = [state(path) for path in files]
        found = since(cache, states, settings, rules, overlay) if cache is not None else None
        if found is None:
            found = _whole(cache, states, settings, rules, overlay, progress)
        elif progress is not None:
            progress(len(files), len(files))
    warning = cache.warning if cache is not None else ""
    return Analysis(found.findings, found.suppressions, found.failures, len(files), found.timings, warning)


def _whole(
    cache: Cache | None,
    states: Sequence[State],
    settings: Settings,
    rules: Sequence[Rule],
    overlay: Mapping[str, bytes],
    progress: Callable[[int, int], None] | None,
) -> Found:
    """Judge all files, whatever an earlier run has left."""
    timings: dict[str, float] = {}
    with _timed(timings, "extract"):
        result = read(facts_of(states, jobs=settings.jobs, cache=cache, overlay=overlay, progress=progress))
    with _timed(timings, "link"):
        program = link(result.facts, settings)
    with _timed(timings, "judge"):
        units, failures = ask(program, rules)
        judged = gathered(rules, units)
    suppressions = {path: facts.suppressions for path, facts in result.facts if facts.suppressions}
    if cache is not None and not overlay and not (failures or result.failures) and len(result.facts) == len(states):
        with _timed(timings, "keep"):
            keep(cache, states, settings, rules, program, units)
    return Found((*result.findings, *judged), suppressions, (*result.failures, *failures), timings)


@contextmanager
def _timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    timings[stage] = time.perf_counter() - start


def link(files: Sequence[tuple[str, Facts]], settings: Settings) -> Program:
    """The program that these facts make, with the knowledge that its imports ask for."""
    from conclint.program.program import Program

    packages = {package for _, facts in files for package in facts.packages}
    return Program(sorted(files, key=lambda item: item[0]), knowledge(packages, settings), options(settings))


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
