from __future__ import annotations

import types
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from conclint.cli import command
from conclint.engine import Analysis
from tests.handmade import engine, sleeps

__all__ = ["engine"]

SLEEPS = "import time\n\n\nasync def f():\n    time.sleep(1)\n"
MENDED = "import asyncio\nimport time\n\n\nasync def f():\n    asyncio.sleep(1)\n"


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: types.ModuleType) -> None:
    assert engine.analyse is not None
    monkeypatch.chdir(tmp_path)


def _run(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(command(), list(arguments), input=text, catch_exceptions=False)


def _write(path: str, text: str = SLEEPS) -> None:
    Path(path).write_bytes(text.encode())


def _read(path: str) -> str:
    return Path(path).read_bytes().decode()


def test_fix_mends_the_files() -> None:
    _write("a.py")
    result = _run("--fix")
    assert (result.exit_code, _read("a.py")) == (0, MENDED)


def test_fix_says_what_it_did() -> None:
    _write("a.py")
    assert "mended 1 finding in 1 file" in _run("--fix").stderr


def test_unsafe_fixes_include_the_safe_ones() -> None:
    _write("a.py")
    _run("--unsafe-fixes")
    assert _read("a.py") == MENDED


def test_a_second_fix_changes_nothing() -> None:
    _write("a.py")
    _run("--fix")
    assert ("mended" in _run("--fix").stderr, _read("a.py")) == (False, MENDED)


def test_diff_shows_what_would_change_and_writes_nothing() -> None:
    _write("a.py")
    result = _run("--diff")
    assert (result.exit_code, _read("a.py")) == (1, SLEEPS)
    assert "-    time.sleep(1)\n+    asyncio.sleep(1)\n" in result.stdout


def test_diff_of_nothing_exits_with_zero() -> None:
    _write("a.py", "x = 1\n")
    assert (_run("--diff").exit_code, _run("--diff").stdout) == (0, "")


def test_the_mended_standard_input_is_the_output() -> None:
    result = _run("-", "--fix", text=SLEEPS)
    assert (result.exit_code, result.stdout) == (0, MENDED)


def test_standard_input_that_needs_no_mending_is_the_output_too() -> None:
    assert _run("-", "--fix", text="x = 1\n").stdout == "x = 1\n"


def test_what_is_left_in_standard_input_goes_to_the_error_stream() -> None:
    text = "x = 1  # conclint: ignore[CON101]\n"
    result = _run("-", "--fix", "--output-format", "concise", text=text)
    assert (result.stdout, "<stdin>:1:8: CON003" in result.stderr) == (text, True)


def test_findings_without_a_fix_are_left_and_shown() -> None:
    _write("a.py", SLEEPS + "x = 1  # conclint: ignore[CON102]\n")
    result = _run("--fix", "--output-format", "concise")
    assert (result.exit_code, [line.split()[1] for line in result.stdout.splitlines()]) == (1, ["CON003"])


def test_several_files_are_mended() -> None:
    _write("a.py")
    _write("b.py")
    _run("--fix")
    assert (_read("a.py"), _read("b.py")) == (MENDED, MENDED)


def _as_one_group(*arguments: Any, **keywords: Any) -> Analysis:
    found = sleeps(*arguments, **keywords)
    if not found.findings:
        return found
    first, *others = found.findings
    also = tuple(other.place for other in others)
    group = msgspec.structs.replace(first, also=also, others=tuple(others))
    return replace(found, findings=(group,))


def test_the_next_place_of_a_group_is_mended_when_the_first_is(engine: types.ModuleType) -> None:
    engine.__dict__["analyse"] = _as_one_group
    for name in ("b.py", "a.py", "c.py"):
        _write(name)
    _run("--fix")
    assert [_read(name) for name in ("a.py", "b.py", "c.py")] == [MENDED] * 3


def test_the_diff_of_standard_input_has_its_name() -> None:
    result = _run("-", "--diff", "--stdin-filename", "x/y.py", text=SLEEPS)
    assert result.stdout.startswith("--- a/x/y.py\n+++ b/x/y.py\n")


def test_a_rule_that_breaks_while_mending_is_told() -> None:
    _write("a.py", SLEEPS + "# boom\n")
    result = _run("--fix")
    assert (result.exit_code, "ValueError: boom" in result.stderr) == (3, True)


def test_add_ignore_does_not_write_standard_input() -> None:
    assert _run("-", "--add-ignore", text=SLEEPS).exit_code == 2


def test_a_file_that_is_read_only_is_told_and_left() -> None:
    _write("a.py")
    Path("a.py").chmod(0o444)
    result = _run("--fix")
    assert (result.exit_code, _read("a.py"), "read-only" in result.stderr) == (1, SLEEPS, True)


def _ignored(text: str, *arguments: str) -> str:
    _write("a.py", text)
    _run(*(arguments or ("--add-ignore",)))
    return _read("a.py")


def test_add_ignore_writes_a_comment_behind_the_finding() -> None:
    assert _ignored(SLEEPS).endswith("    time.sleep(1)  # conclint: ignore[CON101]\n")


def test_add_ignore_writes_the_reason() -> None:
    assert "# conclint: ignore[CON101] for now\n" in _ignored(SLEEPS, "--add-ignore=for now")


def test_add_ignore_does_not_take_a_path_for_the_reason() -> None:
    assert "# conclint: ignore[CON101]\n" in _ignored(SLEEPS, "--add-ignore", "a.py")


def test_after_add_ignore_nothing_is_found() -> None:
    _ignored(SLEEPS)
    assert _run().exit_code == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = (time.sleep(1),\n     2)\n", "x = (time.sleep(1),\n     2)  # conclint: ignore[CON101]\n"),
        (
            'time.sleep("""\n""" + time.sleep(1), 2)\n',
            'time.sleep("""\n""" + time.sleep(1), 2)  # conclint: ignore[CON101]\n',
        ),
        ("x = 1 + \\\n  time.sleep(1)\n", "x = 1 + \\\n  time.sleep(1)  # conclint: ignore[CON101]\n"),
        ("x = time.sleep(1) + \\\n  1\n", "x = time.sleep(1) + \\\n  1  # conclint: ignore[CON101]\n"),
        ("time.sleep(1)", "time.sleep(1)  # conclint: ignore[CON101]"),
        ("time.sleep(1)\r\nx\r\n", "time.sleep(1)  # conclint: ignore[CON101]\r\nx\r\n"),
        ("\ufefftime.sleep(1)\n", "\ufefftime.sleep(1)  # conclint: ignore[CON101]\n"),
        ("time.sleep(1)   \n", "time.sleep(1)  # conclint: ignore[CON101]\n"),
        ("time.sleep(1)  # why\n", "time.sleep(1)  # why  # conclint: ignore[CON101]\n"),
        (
            "time.sleep(1)  # conclint: ignore[CON102] why\n",
            "time.sleep(1)  # conclint: ignore[CON101, CON102] why\n",
        ),
        ("if time.sleep(1): x\n", "if time.sleep(1): x  # conclint: ignore[CON101]\n"),
        (
            "f(time.sleep(1),  # one\n  2)  # two\n",
            "f(time.sleep(1),  # one\n  2)  # two  # conclint: ignore[CON101]\n",
        ),
        ("x = f'{time.sleep(1)}' # a\n", "x = f'{time.sleep(1)}' # a  # conclint: ignore[CON101]\n"),
    ],
)
def test_add_ignore_writes_where_a_comment_can_stand(before: str, after: str) -> None:
    assert _ignored(before) == after


def test_add_ignore_puts_two_findings_of_a_line_in_one_comment() -> None:
    assert _ignored("time.sleep(1); time.sleep(2)\n").count("#") == 1


def test_add_ignore_leaves_a_file_whose_encoding_has_no_such_letter() -> None:
    text = "# coding: latin-1\ntime.sleep(1)\n"
    _write("a.py", text)
    result = _run("--add-ignore=然")
    assert (result.exit_code, _read("a.py"), "cannot write the reason" in result.stderr) == (1, text, True)


def test_add_ignore_keeps_the_mode_of_a_file() -> None:
    _write("a.py")
    Path("a.py").chmod(0o755)
    _run("--add-ignore")
    assert Path("a.py").stat().st_mode & 0o777 == 0o755


def test_add_ignore_does_not_silence_what_is_wrong_with_comments() -> None:
    text = "x = 1  # conclint: ignore[CON101]\n"
    assert _ignored(text) == text
