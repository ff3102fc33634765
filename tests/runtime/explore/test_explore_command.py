"""The command, and shared values of processes."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest

import conclint_runtime

PROGRAMS = Path(__file__).parent / "programs"


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "conclint_runtime.guard.explore", *words]
    environment = {**os.environ, "PYTHONPATH": str(Path(conclint_runtime.__file__).parents[1])}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)


def test_the_failing_seed_is_named_and_fails_again() -> None:
    found = run("--seeds", "40", "--mode", "free", str(PROGRAMS / "lost_update.py"))
    assert found.returncode == 1, found.stderr
    assert "fails again" in found.stderr


def test_the_named_command_fails_too() -> None:
    found = run("--seeds", "40", "--mode", "free", str(PROGRAMS / "lost_update.py"))
    words = found.stderr.split("run it again: python -m conclint_runtime.guard explore ")[1].split()
    assert run(*words).returncode == 1


def test_a_correct_script_passes() -> None:
    found = run("--seeds", "5", "--mode", "free", str(PROGRAMS / "locked_update.py"))
    assert (found.returncode, found.stderr) == (
        0,
        "5 schedules, none failed (possible without the GIL, and in versions that switch elsewhere)\n",
    )


def test_a_script_that_is_not_there_is_told() -> None:
    found = run("--seeds", "1", str(PROGRAMS / "absent.py"))
    assert "cannot read" in found.stderr


needs_fork = pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="pauses are inherited")


@needs_fork
def test_an_unlocked_update_of_a_shared_value_is_found() -> None:
    assert run("--seeds", "20", str(PROGRAMS / "unlocked_value.py")).returncode == 1


@needs_fork
def test_a_locked_update_of_a_shared_value_holds() -> None:
    assert run("--seeds", "3", str(PROGRAMS / "locked_value.py")).returncode == 0
