"""The fixture that watches over the runtime's tests fails the test that leaves something behind, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

FIXTURE = Path(__file__).with_name("conftest.py").read_text().replace("_GRACE = 5.0", "_GRACE = 0.05")
LEAKS = {
    "threads left running": (
        "import threading\ndef test_it():\n    threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
    ),
    "file descriptors left open": "import os\ndef test_it():\n    os.pipe()\n",
    "child processes left running": (
        "import multiprocessing, time\ndef test_it():\n"
        "    multiprocessing.get_context('spawn').Process(target=time.sleep, args=(600,), daemon=True).start()\n"
    ),
}


@pytest.mark.parametrize("left", LEAKS)
def test_what_is_left_behind_fails_the_test(pytester: pytest.Pytester, left: str) -> None:
    pytester.makeconftest(FIXTURE)
    pytester.makepyfile(LEAKS[left])
    outcome = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    outcome.assert_outcomes(passed=1, errors=1)
    outcome.stdout.fnmatch_lines([f"*{left}*"])


def test_a_test_that_cleans_up_passes(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(FIXTURE)
    pytester.makepyfile("import threading\ndef test_it():\n    t = threading.Thread(target=print)\n    t.start()\n")
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_the_memory_that_shared_values_lie_in_is_the_interpreters(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(FIXTURE)
    pytester.makepyfile("import multiprocessing\ndef test_it():\n    multiprocessing.Value('i', 0)\n")
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
