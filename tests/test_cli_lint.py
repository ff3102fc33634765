from __future__ import annotations

import json
import os
import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from conclint.cli import command, main
from conclint.engine import Analysis
from conclint.finding import Confidence, Severity
from tests.handmade import engine, finding

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["engine"]

SLEEPS = "import time\n\n\nasync def f():\n    time.sleep(1)\n"


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: types.ModuleType) -> None:
    assert engine.analyse is not None
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


def _run(*arguments: str, text: str | bytes | None = None, env: Mapping[str, str] | None = None) -> Result:
    return CliRunner().invoke(command(), list(arguments), input=text, env=env, catch_exceptions=False)


def _write(path: str, text: str = SLEEPS) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8", newline="")


def test_findings_exit_with_one() -> None:
    _write("a.py")
    assert _run().exit_code == 1


def test_no_findings_exit_with_zero() -> None:
    _write("a.py", "x = 1\n")
    assert _run().exit_code == 0


def test_exit_zero_exits_with_zero_though_there_are_findings() -> None:
    _write("a.py")
    assert _run("--exit-zero").exit_code == 0


def test_without_paths_the_working_folder_is_linted() -> None:
    _write("a/b.py")
    assert "a/b.py:5:5" in _run("--output-format", "concise").stdout


def test_the_report_goes_to_the_output_and_the_summary_to_the_error_stream() -> None:
    _write("a.py")
    result = _run("--output-format", "concise")
    assert (len(result.stdout.splitlines()), "1 finding (1 error) in 1 of 1 file" in result.stderr) == (1, True)


def test_quiet_leaves_the_summary_out() -> None:
    _write("a.py")
    assert _run("-q").stderr == ""


def test_a_clean_run_says_so() -> None:
    _write("a.py", "x = 1\n")
    assert _run().stderr == "no findings in 1 file\n"


def test_verbose_tells_the_time_of_each_stage() -> None:
    _write("a.py")
    stages = [line.split()[0] for line in _run("--verbose").stderr.splitlines() if line.endswith(" s")]
    assert stages == ["discover", "extract", "suppress"]


def test_a_run_without_files_says_so() -> None:
    assert "there are no Python files in ." in _run().stderr


def test_a_path_that_does_not_exist_is_a_mistake_of_the_call() -> None:
    result = _run("absent")
    assert (result.exit_code, result.stderr) == (2, "error: absent: no such file or folder\n")


def test_an_unknown_option_is_a_mistake_of_the_call() -> None:
    assert _run("--selct", "CON1").exit_code == 2


def test_a_code_that_is_no_rule_is_a_mistake_of_the_call() -> None:
    result = _run("--select", "CON999")
    assert (result.exit_code, "--select: `CON999` names no rule" in result.stderr) == (2, True)


def test_a_mistake_in_the_configuration_exits_with_two() -> None:
    _write("conclint.toml", "slect = []\n")
    result = _run()
    assert (result.exit_code, result.stderr) == (
        2,
        "error: conclint.toml: unknown key `slect` (nearest: `select`)\n",
    )


def test_a_code_that_is_no_rule_in_the_configuration_is_told_with_its_key() -> None:
    _write("conclint.toml", 'ignore = ["CON999"]\n')
    assert "error: conclint.toml: `ignore`: `CON999` names no rule" in _run().stderr


def test_config_and_isolated_exclude_each_other() -> None:
    assert _run("--config", "x.toml", "--isolated").exit_code == 2


def test_two_modes_that_write_exclude_each_other() -> None:
    result = _run("--fix", "--add-ignore")
    assert (result.exit_code, "--fix and --add-ignore exclude each other" in result.stderr) == (2, True)


def test_a_rule_that_breaks_is_told_and_the_findings_of_the_others_are_shown() -> None:
    _write("a.py", SLEEPS + "# boom\n")
    result = _run("--output-format", "concise")
    assert result.exit_code == 3
    assert "a.py:5:5: CON101" in result.stdout
    assert "conclint broke in CON102 on a.py" in result.stderr
    assert "ValueError: boom" in result.stderr


def test_exit_zero_does_not_hide_that_a_rule_broke() -> None:
    _write("a.py", "# boom\n")
    assert _run("--exit-zero").exit_code == 3


def test_select_can_be_repeated_and_separated_by_commas() -> None:
    _write("a.py")
    assert _run("--select", "CON102,CON201", "--select", "CON104").exit_code == 0


def test_ignored_rules_are_not_reported() -> None:
    _write("a.py")
    assert _run("--ignore", "blocking-sleep").exit_code == 0


def test_per_file_ignores_hold_for_their_files() -> None:
    _write("tests/a.py")
    _write("b.py")
    result = _run("--per-file-ignores", "tests/*:CON101", "--output-format", "concise")
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == ["b.py"]


@pytest.mark.parametrize("value", ["tests/*", "tests/*:", ":CON101"])
def test_a_per_file_ignore_of_another_form_is_a_mistake_of_the_call(value: str) -> None:
    assert _run("--per-file-ignores", value).exit_code == 2


def test_excluded_files_are_left_out() -> None:
    _write("gen/a.py")
    assert _run("--exclude", "gen").exit_code == 0


def test_the_output_format_can_come_from_the_configuration() -> None:
    _write("conclint.toml", 'output-format = "jsonl"\n')
    _write("a.py")
    assert json.loads(_run().stdout)["code"] == "CON101"


def test_a_report_can_be_written_to_a_file() -> None:
    _write("a.py")
    result = _run("--output-format", "json", "--output-file", "report.json")
    assert (result.stdout, json.loads(Path("report.json").read_text(encoding="utf-8"))[0]["filename"]) == ("", "a.py")


def test_a_report_that_cannot_be_written_is_told() -> None:
    _write("a.py")
    result = _run("-o", "absent/report.txt")
    assert (result.exit_code, "absent/report.txt: cannot be written" in result.stderr) == (2, True)


def test_a_comment_is_not_called_unused_by_a_run_that_saw_a_part() -> None:
    _write("a.py", "x = 1  # conclint: ignore[CON101]\n")
    _write("b.py")
    counts = [len(_run(*paths, "--output-format", "concise").stdout.splitlines()) for paths in (["a.py"], ["."])]
    assert counts == [0, 2]


def test_patterns_of_the_command_line_are_relative_to_the_working_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    _write("conclint.toml", "")
    _write("sub/gen/a.py")
    _write("sub/tests/b.py")
    monkeypatch.chdir("sub")
    assert _run("--exclude", "gen/*.py", "--per-file-ignores", "./tests/*:CON101").exit_code == 0


def test_statistics_count_by_rule() -> None:
    _write("a.py", SLEEPS + "    time.sleep(2)\n    x = 1  # conclint: ignore[CON102]\n")
    assert _run("--statistics").stdout.splitlines() == [
        "2  CON101  blocking-sleep  (--fix)",
        "1  CON003  unused-suppression",
    ]


def test_statistics_can_be_json() -> None:
    _write("a.py")
    (entry,) = json.loads(_run("--statistics", "--output-format", "json").stdout)
    assert entry == {"code": "CON101", "name": "blocking-sleep", "count": 1, "fix": "safe"}


def test_json_carries_the_edits_of_fixes() -> None:
    _write("a.py")
    (entry,) = json.loads(_run("--output-format", "json").stdout)
    assert [edit["content"] for edit in entry["fix"]["edits"]] == ["import asyncio\n", "asyncio"]


def test_standard_input_is_linted_under_its_name() -> None:
    result = _run("-", "--stdin-filename", "x/y.py", "--output-format", "concise", text=SLEEPS)
    assert result.stdout.startswith("x/y.py:5:5: CON101")


def test_standard_input_without_a_name_has_one() -> None:
    assert _run("-", "--output-format", "concise", text=SLEEPS).stdout.startswith("<stdin>:5:5: CON101")


def test_the_source_of_standard_input_is_shown() -> None:
    assert "5 |     time.sleep(1)" in _run("-", text=SLEEPS).stdout


def test_standard_input_that_is_not_utf8_is_a_finding() -> None:
    assert "CON001" in _run("-", text=b"\xff\n").stdout


def test_standard_input_cannot_be_combined_with_paths() -> None:
    assert _run("-", "a.py", text="").exit_code == 2


def test_a_baseline_hides_what_it_knows() -> None:
    _write("a.py")
    written = _run("--write-baseline", "known.json")
    _write("a.py", "\n" + SLEEPS + "    time.sleep(2)\n")
    result = _run("--baseline", "known.json", "--output-format", "concise")
    assert (written.exit_code, [line.split(":")[1] for line in result.stdout.splitlines()]) == (0, ["7"])
    assert "1 more in the baseline" in result.stderr


def test_a_baseline_can_come_from_the_configuration() -> None:
    _write("conclint.toml", 'baseline = "known.json"\n')
    _write("a.py")
    _run("--write-baseline", "known.json")
    assert _run().exit_code == 0


def test_a_baseline_that_is_not_there_exits_with_two() -> None:
    _write("a.py")
    assert _run("--baseline", "absent.json").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "env", "coloured"),
    [
        ((), {}, False),
        (("--color", "always"), {}, True),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        (("--color", "never"), {"FORCE_COLOR": "1"}, False),
        ((), {"FORCE_COLOR": "1"}, True),
        ((), {"FORCE_COLOR": "0"}, False),
        ((), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_colour_is_for_terminals_and_who_asks_for_it(
    arguments: tuple[str, ...], env: Mapping[str, str], coloured: bool
) -> None:
    _write("a.py")
    assert ("\x1b[" in _run(*arguments, env=env).stdout) == coloured


def test_an_interrupted_run_exits_with_130(engine: types.ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    _write("a.py")
    monkeypatch.setitem(engine.__dict__, "analyse", interrupted)
    with pytest.raises(SystemExit) as caught:
        main(["a.py"])
    assert caught.value.code == 130


def test_an_error_in_conclint_itself_exits_with_three(
    engine: types.ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the engine")

    _write("a.py")
    monkeypatch.setitem(engine.__dict__, "analyse", broken)
    with pytest.raises(SystemExit) as caught:
        main(["a.py"])
    assert (caught.value.code, "RuntimeError: the engine" in capsys.readouterr().err) == (3, True)


def test_a_mistake_in_the_call_exits_with_two(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--jobs", "x"])
    assert (caught.value.code, "Usage: conclint" in capsys.readouterr().err) == (2, True)


@pytest.mark.skipif(sys.platform == "win32", reason="pipes differ")
def test_a_reader_that_went_away_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    _write("a.py")
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        with pytest.raises(SystemExit) as caught:
            main(["a.py"])
    assert caught.value.code == 1


def test_notes_that_were_lowered_are_shown_when_they_are_asked_for(engine: types.ModuleType) -> None:
    lowered = finding("a.py", severity=Severity.NOTE)
    natural = finding("a.py", 2, code="CON201", severity=Severity.NOTE)
    engine.__dict__["analyse"] = lambda *_, **__: Analysis((lowered, natural), {}, (), 1, {})
    _write("a.py")
    shown = [
        [line.split()[1] for line in _run(*arguments, "--output-format", "concise").stdout.splitlines()]
        for arguments in ((), ("--min-severity", "note"), ("--min-severity", "warning"))
    ]
    assert shown == [["CON201"], ["CON101", "CON201"], []]


def test_findings_that_are_less_sure_are_shown_when_they_are_asked_for(engine: types.ModuleType) -> None:
    found = tuple(finding("a.py", row, confidence=Confidence(row)) for row in (1, 2, 3))
    engine.__dict__["analyse"] = lambda *_, **__: Analysis(found, {}, (), 1, {})
    _write("a.py")
    counts = [
        len(_run("--min-confidence", level, "--output-format", "concise").stdout.splitlines())
        for level in ("possible", "likely", "certain")
    ]
    assert counts == [3, 2, 1]


def test_all_places_shows_each_place_of_a_group(engine: types.ModuleType) -> None:
    group = finding("b.py", 2, also=[("a.py", 1), ("c.py", 3)])
    engine.__dict__["analyse"] = lambda *_, **__: Analysis((group,), {}, (), 1, {})
    _write("a.py")
    lines = _run("--all-places", "--output-format", "concise").stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == ["a.py", "b.py", "c.py"]
