"""Programs that hang, or could, are reported at the marked lines; their good twins run to their end in silence.

A program is `conNNN_bad*.py`, `conNNN_good*.py` or `silent_*.py`. Lines that must be witnessed end with `# CONnnn`; a
first line `# guard: …` gives options of the command, `# linux` says where alone it can be seen.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.runtime.guard_server.guarded import Guarded

PROGRAMS = Path(__file__).parent / "programs"
_MARK = re.compile(r"# (CON\d{3})\b")
TIMED_OUT = 124


@dataclass(frozen=True, slots=True)
class Seen:
    """What a run under the guard gave."""

    lines: frozenset[tuple[str, str, int]]
    witnesses: tuple[str, ...]
    status: int
    output: str


def run(guarded: Guarded, program: Path, evidence: Path) -> Seen:
    options = re.search(r"^# guard: (.*)$", program.read_text(), re.MULTILINE)
    words = options[1].split() if options else []
    # How long a loop stands on a busy machine is not the subject here.
    words = ["--evidence", str(evidence), "--timeout", "40", "--threshold", "20000", *words]
    status, printed = guarded(*words, str(program))
    output = f"exit code {status}\n{printed}"
    assert evidence.exists(), output
    witnesses = json.loads(evidence.read_text())["witnesses"]
    lines = {
        (each["code"], Path(place["file"]).name, place["line"])
        for each in witnesses
        if each["code"]
        for place in each["stack"]
    }
    names = tuple(each["code"] or each["name"] for each in witnesses)
    return Seen(frozenset(lines), names, status, output)


def programs(pattern: str) -> list[str]:
    return [path.name for path in sorted(PROGRAMS.glob(pattern))]


def marks_of(program: Path) -> set[tuple[str, str, int]]:
    sources = [program, *sorted((PROGRAMS / program.name[:6]).glob("*_bad.py"))]
    return {
        (code, source.name, number)
        for source in sources
        for number, line in enumerate(source.read_text().splitlines(), 1)
        for code in _MARK.findall(line)
    }


def skip_unless_it_runs_here(program: Path) -> None:
    if "# linux" in program.read_text() and not sys.platform.startswith("linux"):
        pytest.skip("only Linux says how much a pipe holds")


@pytest.mark.parametrize("name", programs("con*_bad*.py"))
def test_the_guard_reports_the_marked_lines_and_waits_for_no_timeout(
    name: str, guarded: Guarded, tmp_path: Path
) -> None:
    program = PROGRAMS / name
    skip_unless_it_runs_here(program)
    marks = marks_of(program)
    assert marks, "the program marks no line"
    seen = run(guarded, program, tmp_path / "evidence.json")
    assert (marks - seen.lines, seen.status == TIMED_OUT) == (set(), False), seen.output


@pytest.mark.parametrize("name", [*programs("con*_good*.py"), *programs("silent_*.py")])
def test_the_guard_is_silent_on(name: str, guarded: Guarded, tmp_path: Path) -> None:
    seen = run(guarded, PROGRAMS / name, tmp_path / "evidence.json")
    assert (seen.status, seen.witnesses) == (0, ()), seen.output
