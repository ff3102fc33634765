"""CPython's own tests of timeouts and task groups pass against the versions for Python 3.10."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "run_cpython_suites.py"
ROOT = SCRIPT.parent.parent.parent.parent


def newer_suites() -> list[Path]:
    """The two test files of the newest Python from 3.13 on that is installed beside this one."""
    beside = Path(sys.base_prefix).parent
    found = sorted(beside.glob("3.*/lib/python3.*/test/test_asyncio/test_timeouts.py"), key=version)
    found = [path for path in found if version(path) >= (3, 13)]
    return [found[-1], found[-1].with_name("test_taskgroups.py")] if found else []


def version(path: Path) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"python(\d+)\.(\d+)", str(path))[-1]))


@pytest.mark.skipif(sys.version_info >= (3, 11), reason="later versions have these themselves")
def test_the_suites_of_a_newer_python_pass_on_this_one(tmp_path: Path) -> None:
    suites = newer_suites()
    if not suites:
        pytest.skip("no newer Python with its tests is installed beside this one")
    copies = [Path(shutil.copy(suite, tmp_path)) for suite in suites]
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *map(str, copies)],
        env={"PYTHONPATH": str(ROOT / "runtime")},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
