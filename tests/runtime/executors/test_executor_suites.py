"""Short versions of the two long checks: CPython's own tests, and the random search."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
BOUND = 240.0
NO_TESTS_SHIPPED = 2


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(HERE / script), *arguments], capture_output=True, text=True, timeout=BOUND, check=False
    )


@pytest.mark.parametrize("module", ["test_future", "test_init"])
def test_cpython_tests_pass_with_our_executors_put_in(module: str) -> None:
    there = run("run_cpython_suite.py", "--list")
    if there.returncode == NO_TESTS_SHIPPED or f".{module}" not in there.stdout:
        pytest.skip("this interpreter ships no package of tests of concurrent.futures")
    done = run("run_cpython_suite.py", module)
    assert done.returncode == 0, done.stderr


def test_random_programs_get_the_verdict_that_the_standard_executors_show() -> None:
    done = run("random_search.py", "--programs", "12", "--bound", "0.3")
    assert done.returncode == 0, done.stdout + done.stderr
