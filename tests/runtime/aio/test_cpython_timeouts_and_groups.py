"""Timeouts and task groups for Python 3.10 do what a newer Python does: by its own tests, and on random programs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "run_cpython_suites.py"
ROOT = SCRIPT.parent.parent.parent.parent


PROGRAMS = SCRIPT.with_name("scope_programs.py")
COUNT = 400
ONLY_310 = pytest.mark.skipif(sys.version_info >= (3, 11), reason="later versions have these themselves")


def newer() -> Path:
    """The library folder of the newest Python from 3.13 on that is installed beside this one."""
    beside = Path(sys.base_prefix).parent
    found = sorted(beside.glob("3.*/lib/python3.*/test/test_asyncio/test_timeouts.py"), key=version)
    if not found or version(found[-1]) < (3, 13):
        pytest.skip("no Python from 3.13 on is installed with its tests beside this one")
    return found[-1].parent.parent.parent


def version(path: Path) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"python(\d+)\.(\d+)", str(path))[-1]))


def output(*command: str) -> str:
    done = subprocess.run(
        command,
        env={"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'runtime'}"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@ONLY_310
def test_the_suites_of_a_newer_python_pass_on_this_one() -> None:
    tests = newer() / "test" / "test_asyncio"
    output(sys.executable, str(SCRIPT), str(tests / "test_timeouts.py"), str(tests / "test_taskgroups.py"))


@ONLY_310
def test_random_programs_do_what_they_do_on_a_newer_python() -> None:
    library = newer()
    program = (str(PROGRAMS), "0", str(COUNT))
    theirs = output(str(library.parent.parent / "bin" / library.name), *program)
    assert output(sys.executable, *program).splitlines() == theirs.splitlines()
