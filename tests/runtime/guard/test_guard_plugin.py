"""`pytest --guard`: tests fail for what was certainly witnessed in them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """\
import asyncio
import time

async def sleeper():
    time.sleep(0.01)

async def dropper():
    asyncio.create_task(asyncio.sleep(0))
    await asyncio.sleep(0)

async def work():
    pass

def test_sleeps():
    asyncio.run(sleeper())

def test_drops():
    asyncio.run(dropper())

def test_is_fine():
    asyncio.run(asyncio.sleep(0))

def test_loses():
    later = work()

def test_fails_by_itself():
    asyncio.run(sleeper())
    assert False, "its own reason"
"""


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> str:
    return run(tmp_path_factory.mktemp("guarded"), "--guard", "--guard-evidence", "e.json")


def run(folder: Path, *options: str) -> str:
    (folder / "test_them.py").write_text(TESTS)
    plugin = ["-p", "conclint_runtime.guard.pytest_plugin", "-p", "no:cacheprovider", "-W", "ignore"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", "/dev/null", "--rootdir", str(folder), "-v", *plugin, *options],
        capture_output=True, text=True, check=False, cwd=folder, timeout=100,
        # Named, so that it is this checkout's, installed or not.
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )  # fmt: skip
    evidence = folder / "e.json"
    return done.stdout + done.stderr + (evidence.read_text() if evidence.exists() else "")


def verdict(output: str, test: str) -> str:
    found = re.search(rf"::{test} (PASSED|FAILED)", output)
    assert found, output
    return found[1]


def test_a_test_in_which_an_error_was_witnessed_fails(output: str) -> None:
    assert verdict(output, "test_sleeps") == "FAILED"
    assert "the guard witnessed:" in output


def test_a_test_in_which_a_warning_was_witnessed_passes(output: str) -> None:
    assert verdict(output, "test_drops") == "PASSED"
    assert "test_drops: CON202 lost-task" in output


def test_a_test_in_which_nothing_was_witnessed_passes(output: str) -> None:
    assert verdict(output, "test_is_fine") == "PASSED"


def test_what_a_test_loses_is_its_own_failure(output: str) -> None:
    assert verdict(output, "test_loses") == "FAILED"
    assert "test_loses: CON201" in output


def test_a_test_that_fails_by_itself_keeps_its_reason(output: str) -> None:
    assert "its own reason" in output


def test_the_evidence_of_all_tests_is_written(output: str) -> None:
    text = output[output.index('{\n  "format"') :]
    codes = {each["code"] for each in json.loads(text)["witnesses"]}
    assert codes == {"CON101", "CON201", "CON202"}


def test_without_the_option_nothing_is_watched(tmp_path: Path) -> None:
    assert verdict(run(tmp_path), "test_sleeps") == "PASSED"
