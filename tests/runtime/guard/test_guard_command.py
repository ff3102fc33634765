"""The command: programs run as they would by themselves, and the report is written however they end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BAD = "import asyncio, time\nasync def main():\n    time.sleep(0.01)\nasyncio.run(main())\n"


def guarded(folder: Path, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    if text:
        (folder / "program.py").write_text(text)
    return subprocess.run(
        [sys.executable, "-m", "conclint_runtime.guard", *arguments],
        capture_output=True, text=True, check=False, cwd=folder, timeout=60, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def test_the_report_goes_to_the_error_stream(tmp_path: Path) -> None:
    done = guarded(tmp_path, "program.py", text=BAD)
    assert done.stdout == ""
    assert "CON101 blocking-sleep" in done.stderr
    assert "at program.py:3 in main" in done.stderr


def test_a_program_that_ends_well_exits_with_0_whatever_was_witnessed(tmp_path: Path) -> None:
    assert guarded(tmp_path, "program.py", text=BAD).returncode == 0


def test_quiet_prints_no_report(tmp_path: Path) -> None:
    assert guarded(tmp_path, "--quiet", "program.py", text=BAD).stderr == ""


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("raise SystemExit(7)", 7),
        ("raise SystemExit", 0),
        ("import sys; sys.exit('no')", 1),
        ("1 / 0", 1),
        ("raise KeyboardInterrupt", 130),
        ("import os; os._exit(5)", 5),
    ],
)
def test_the_exit_code_is_the_programs(text: str, code: int, tmp_path: Path) -> None:
    assert guarded(tmp_path, "program.py", text=text).returncode == code


def test_an_exception_is_shown_without_frames_of_the_guard(tmp_path: Path) -> None:
    done = guarded(tmp_path, "program.py", text="def f():\n    1 / 0\nf()\n")
    assert "ZeroDivisionError" in done.stderr
    assert "conclint_runtime" not in done.stderr


def test_the_program_gets_its_own_arguments(tmp_path: Path) -> None:
    done = guarded(tmp_path, "program.py", "--threshold", "x", text="import sys; print(sys.argv)")
    assert done.stdout.strip() == "['program.py', '--threshold', 'x']"


def test_the_program_is_main(tmp_path: Path) -> None:
    text = "import sys\nprint(__name__, sys.modules['__main__'].__file__, sys.path[0] != '')"
    assert guarded(tmp_path, "program.py", text=text).stdout.strip() == "__main__ program.py True"


def test_a_module_is_run_as_a_script(tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text("import sys; print(__name__, __package__, sys.argv[1:])")
    assert guarded(tmp_path, "-m", "package", "x").stdout.strip() == "__main__ package ['x']"


def test_exit_handlers_of_the_program_are_watched_too(tmp_path: Path) -> None:
    text = (
        "import atexit, asyncio, time\nasync def f():\n    time.sleep(0.01)\natexit.register(lambda: asyncio.run(f()))"
    )
    assert "CON101" in guarded(tmp_path, "program.py", text=text).stderr


def test_a_program_that_does_not_end_is_ended_with_its_report(tmp_path: Path) -> None:
    text = BAD + "while True:\n    time.sleep(0.01)\n"
    done = guarded(tmp_path, "--timeout", "1", "--evidence", "e.json", "program.py", text=text)
    assert done.returncode == 124
    assert "did not end within 1 s" in done.stderr
    assert [each["code"] for each in json.loads((tmp_path / "e.json").read_text())["witnesses"]] == ["CON101"]


def test_a_call_that_does_not_return_is_reported_all_the_same(tmp_path: Path) -> None:
    text = "import asyncio, queue\nasync def main():\n    queue.Queue().get()\nasyncio.run(main())\n"
    done = guarded(tmp_path, "--timeout", "1", "--observers", "calls", "program.py", text=text)
    assert "CON105 blocking-wait" in done.stderr
    assert "it had not ended when the guard did" in done.stderr


def test_os_exit_writes_the_report_first(tmp_path: Path) -> None:
    assert "CON101" in guarded(tmp_path, "program.py", text=BAD + "import os; os._exit(0)\n").stderr


def test_a_forked_child_writes_no_report_of_its_own(tmp_path: Path) -> None:
    text = BAD + "import os, sys\nchild = os.fork()\nif child == 0:\n    sys.exit()\nos.waitpid(child, 0)\n"
    assert guarded(tmp_path, "program.py", text=text).stderr.count("CON101") == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["none.py"], "cannot read 'none.py'"),
        (["-m", "no_such_module"], "no module 'no_such_module'"),
        (["--embed", "dask", "x.py"], "--embed knows ray and xoscar, not 'dask'"),
        (["--threshold", "0", "x.py"], "more than 0 milliseconds"),
        (["--observers", "nobody", "x.py"], "no observer 'nobody'"),
        ([], "PROGRAM"),
    ],
)
def test_a_mistake_in_the_call_is_told(arguments: list[str], told: str, tmp_path: Path) -> None:
    done = guarded(tmp_path, *arguments)
    assert done.returncode == 2
    assert told in done.stderr


def test_a_syntax_error_is_the_programs(tmp_path: Path) -> None:
    done = guarded(tmp_path, "program.py", text="def")
    assert done.returncode == 1
    assert "SyntaxError" in done.stderr


def test_evidence_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    done = guarded(tmp_path, "--evidence", "none/e.json", "program.py", text="pass")
    assert "cannot write 'none/e.json'" in done.stderr


UVLOOP = """\
import asyncio, threading, time, uvloop
from queue import SimpleQueue

async def fail():
    raise ValueError

async def main():
    asyncio.create_task(asyncio.sleep(0))
    time.sleep(0.01)
    await asyncio.sleep(0)
    queue = SimpleQueue()
    threading.Timer(0.4, queue.put, [1]).start()
    queue.get()
    failed = asyncio.create_task(fail())
    await asyncio.sleep(0.01)

uvloop.install()
asyncio.run(main())
"""


def test_a_loop_of_uvloop_is_watched(tmp_path: Path) -> None:
    pytest.importorskip("uvloop")
    done = guarded(tmp_path, "--evidence", "e.json", "program.py", text=UVLOOP)
    lines = {
        (each["code"], each["stack"][0]["line"]) for each in json.loads((tmp_path / "e.json").read_text())["witnesses"]
    }
    assert lines >= {("CON202", 8), ("CON101", 9), ("CON105", 13), ("CON202", 14)}, done.stderr
