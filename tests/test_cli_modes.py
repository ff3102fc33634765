from __future__ import annotations

import json
import subprocess
import sys
import types
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import conclint
from conclint.cli import command
from conclint.cli_options import FORMATS
from conclint.config_file import FormatName
from conclint.report import FORMATS as REPORTED
from tests.handmade import RULES, engine

__all__ = ["engine"]


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: types.ModuleType) -> None:
    assert engine.analyse is not None
    monkeypatch.chdir(tmp_path)


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(command(), list(arguments), catch_exceptions=False)


def _imported(*arguments: str) -> set[str]:
    code = (
        f"import sys\nfrom conclint.cli import main\ntry:\n    main({list(arguments)!r})\n"
        "except SystemExit:\n    print(*sys.modules, file=sys.stderr)\n"
    )
    root = Path(conclint.__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60, cwd=root
    )
    return set(done.stderr.split())


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_what_only_answers_imports_nothing_heavy(option: str) -> None:
    heavy = {"libcst", "msgspec", "tomli", "dataclasses_json", "conclint_rules", "conclint.config", "conclint.engine"}
    assert _imported(option) & heavy == set()


def test_the_version_is_the_packages() -> None:
    assert _run("--version").stdout == f"conclint {conclint.__version__}\n"


def test_every_option_has_a_help_text() -> None:
    options = [each for each in command().params if isinstance(each, click.Option)]
    assert [option.name for option in options if not option.help] == []


def test_the_help_fits_a_terminal_of_80_columns() -> None:
    text = CliRunner().invoke(command(), ["--help"], terminal_width=80).stdout
    assert [line for line in text.splitlines() if len(line) > 80] == []


def test_the_formats_are_the_same_wherever_they_are_listed() -> None:
    assert (FORMATS, FormatName.__args__) == (REPORTED, REPORTED)  # type: ignore[attr-defined]  # of a Literal


def test_a_rule_is_explained_by_its_code() -> None:
    assert _run("--explain", "CON101").stdout.startswith("CON101 blocking-sleep\n")


def test_a_rule_is_explained_by_its_name() -> None:
    assert _run("--explain", "blocking-sleep").stdout.startswith("CON101 blocking-sleep\n")


def test_the_explanation_has_its_parts_in_order() -> None:
    lines = _run("--explain", "CON101").stdout.splitlines()
    titles = [line for line in lines if line and not line.startswith(" ")][1:]
    assert titles == [
        "What it finds",
        "Why it is bad",
        "Example",
        "Use instead",
        "Fix safety",
        "When it happens",
        "References",
    ]


def test_a_rule_that_does_not_exist_is_told_with_the_nearest() -> None:
    result = _run("--explain", "CON103")
    assert (result.exit_code, "`CON103` is no rule (nearest: `CON10" in result.stderr) == (2, True)


def test_all_rules_are_listed() -> None:
    lines = _run("--list-rules").stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [rule.code for rule in RULES]


def test_the_rules_can_be_listed_as_json() -> None:
    listed = json.loads(_run("--list-rules", "--output-format", "json").stdout)
    assert [entry["code"] for entry in listed if not entry["default"]] == ["CON005", "CON104"]


def test_the_files_of_a_run_are_shown() -> None:
    for name in ("b.py", "a.py"):
        Path(name).write_text("", encoding="utf-8")
    assert _run("--show-files").stdout == "a.py\nb.py\n"


def test_the_files_of_a_run_over_nothing_are_told() -> None:
    result = _run("--show-files", "absent")
    assert (result.exit_code, result.stderr) == (2, "error: absent: no such file or folder\n")


def test_the_settings_are_shown_with_where_they_come_from() -> None:
    Path("conclint.toml").write_text('jobs = 3\nmin-severity = "error"\ntarget-version = "3.11"\n', encoding="utf-8")
    lines = _run("--show-settings").stdout.splitlines()
    assert {"# from conclint.toml", "jobs = 3", 'min-severity = "error"', 'target-version = "3.11"'} <= set(lines)


def test_a_cache_is_deleted() -> None:
    Path(".conclint_cache").mkdir()
    assert (_run("--clear-cache").exit_code, Path(".conclint_cache").exists()) == (0, False)


def test_what_is_not_the_caches_is_not_deleted() -> None:
    Path("precious").mkdir()
    Path("precious/file").write_text("", encoding="utf-8")
    result = _run("--clear-cache", "--cache-dir", "precious")
    assert (result.exit_code, Path("precious/file").exists()) == (0, True)
    assert "except for files that are not the cache's" in result.stderr


def test_no_cache_to_delete_is_no_error() -> None:
    assert _run("--clear-cache").exit_code == 0
