"""Where the time of a run goes: by stage, by rule, by function."""

from __future__ import annotations

import cProfile
import gc
import os
import pstats
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from conclint import catalogue, facts
from conclint.config import Options, load
from conclint.discovery import discover
from conclint.engine import link
from conclint.extract import extract
from conclint.facts import Facts
from conclint.judge import judge
from conclint.source import Source, read

Result = TypeVar("Result")


def show(path: Path, top: int) -> None:
    """Print seconds of CPU of each stage and rule, and the functions that cost most.

    Parameters:
        path: the tree; it is read without a cache, in this process.
        top: how many functions of each stage.
    """
    os.chdir(path)
    gc.disable()  # as the engine does
    settings = load(["."], Options(), isolated=True)
    files = [found.path for found in discover(["."], settings).files]
    rules = catalogue.load()
    sources = _timed("read", lambda: [source for source in map(read, files) if isinstance(source, Source)])
    lines = sum(source.text.count("\n") for source in sources)
    print(f"{len(files)} files, {lines} lines")
    encoded = _timed("extract", lambda: [(each.path, facts.encode(extract(each))) for each in sources], lines)
    print(f"   facts: {sum(len(data) for _, data in encoded) / max(lines, 1):.1f} KB per 1000 lines")
    known = _timed("decode", lambda: _decoded(encoded), lines)
    program = _timed("link", lambda: link(known, settings), lines)
    for rule in rules:
        _timed(f"judge {rule.code} {rule.name}", lambda rule=rule: judge(program, [rule]), lines)  # type: ignore[misc]
    print("(what rules share is worked out when the first of them asks)\n")
    _profiled("extract", lambda: [extract(each) for each in sources], top)
    _profiled("link and judge", lambda: judge(link(_decoded(encoded), settings), rules), top)


def _decoded(encoded: list[tuple[str, bytes]]) -> list[tuple[str, Facts]]:
    return [(path, facts.decode(data)) for path, data in encoded]


def _timed(name: str, work: Callable[[], Result], lines: int = 0) -> Result:
    begin = time.process_time()
    result = work()
    seconds = time.process_time() - begin
    per = f"{seconds / lines * 1e6:8.2f} ms per 1000 lines" if lines else ""
    print(f"{name:42} {seconds:8.3f} s {per}")
    return result


def _profiled(name: str, work: Callable[[], object], top: int) -> None:
    profile = cProfile.Profile()
    profile.runcall(work)
    print(f"{name}: the functions that cost most by themselves")
    pstats.Stats(profile).strip_dirs().sort_stats("tottime").print_stats(top)
