"""For each pitfall that the guard can see: a program that it reports at the marked lines, and a twin on which it is
silent.

A program is a file `conNNN_bad….py` or `conNNN_good….py`. Lines that must be witnessed end with `# CONnnn`. A first
line
`# guard: …` gives options of the command, `# python: 3.11` the oldest Python that the program runs on, `# needs: …` a
library without which it is skipped.
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


@dataclass(frozen=True, slots=True)
class Seen:
    """What a run under the guard gave: the codes with the lines of the program in their stacks, and what it printed."""

    lines: frozenset[tuple[str, int]]
    codes: frozenset[str]
    exit_code: int
    output: str


def run(guarded: Guarded, program: Path, evidence: Path) -> Seen:
    options = re.search(r"^# guard: (.*)$", program.read_text(), re.MULTILINE)
    words = options[1].split() if options else []
    status, printed = guarded("--evidence", str(evidence), "--timeout", "30", *words, str(program))
    output = f"exit code {status}\n{printed}"
    assert evidence.exists(), output
    witnesses = json.loads(evidence.read_text())["witnesses"]
    lines = {
        (each["code"], place["line"])
        for each in witnesses
        for place in each["stack"]
        if Path(place["file"]).name == program.name
    }
    return Seen(frozenset(lines), frozenset(each["code"] for each in witnesses if each["code"]), status, output)


def programs(kind: str) -> list[str]:
    return [path.name for path in sorted(PROGRAMS.glob(f"con*_{kind}*.py"))]


def skip_unless_it_runs_here(program: Path) -> None:
    oldest = re.search(r"^# python: 3\.(\d+)$", program.read_text(), re.MULTILINE)
    if oldest and sys.version_info < (3, int(oldest[1])):
        pytest.skip(f"needs Python 3.{oldest[1]}")
    newest = re.search(r"^# python until: 3\.(\d+)$", program.read_text(), re.MULTILINE)
    if newest and sys.version_info[:2] > (3, int(newest[1])):
        pytest.skip(f"shows until Python 3.{newest[1]}")
    needed = re.search(r"^# needs: (\w+)$", program.read_text(), re.MULTILINE)
    if needed:
        pytest.importorskip(needed[1])


@pytest.mark.parametrize("name", programs("bad"))
def test_the_guard_reports_the_marked_lines(name: str, guarded: Guarded, tmp_path: Path) -> None:
    program = PROGRAMS / name
    skip_unless_it_runs_here(program)
    marks = {
        (code, number)
        for number, line in enumerate(program.read_text().splitlines(), 1)
        for code in _MARK.findall(line)
    }
    assert marks, "the program marks no line"
    seen = run(guarded, program, tmp_path / "evidence.json")
    assert marks - seen.lines == set(), seen.output


@pytest.mark.parametrize("name", programs("good"))
def test_the_guard_is_silent_on(name: str, guarded: Guarded, tmp_path: Path) -> None:
    program = PROGRAMS / name
    skip_unless_it_runs_here(program)
    seen = run(guarded, program, tmp_path / "evidence.json")
    assert seen.codes == set(), seen.output
    assert seen.exit_code == 0, seen.output


def test_each_bad_program_has_a_good_twin() -> None:
    bad, good = ({name.partition("_")[0] for name in programs(kind)} for kind in ("bad", "good"))
    assert bad == good
