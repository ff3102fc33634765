"""For each rule about races: a program that fails under some seed, again and again, and a good twin that holds.

A program is `conNNN_bad.py` or `conNNN_good.py`; a line `# explore: --mode free` says where its race shows.
"""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from conclint_runtime.guard.explore import Mode, explore

PROGRAMS = Path(__file__).parent / "programs"


def mode_of(program: Path) -> Mode:
    return Mode.FREE if "# explore: --mode free" in program.read_text() else Mode.GIL


@pytest.mark.parametrize("name", [path.name for path in sorted(PROGRAMS.glob("con*_bad.py"))])
def test_a_seed_is_found_that_fails_again(name: str) -> None:
    found = explore(lambda: runpy.run_path(str(PROGRAMS / name)), seeds=100, mode=mode_of(PROGRAMS / name))
    assert [failure.again for failure in found.failures] == [True], str(found)


@pytest.mark.parametrize("name", [path.name for path in sorted(PROGRAMS.glob("con*_good.py"))])
def test_no_seed_is_found_that_fails(name: str) -> None:
    # What ends actors waits outside the schedule, which costs each run of them a second.
    seeds = 5 if "conclint_runtime" in (PROGRAMS / name).read_text() else 25
    found = explore(lambda: runpy.run_path(str(PROGRAMS / name)), seeds=seeds, mode=mode_of(PROGRAMS / name))
    assert not found.failed, str(found)
