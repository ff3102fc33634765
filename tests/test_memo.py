from __future__ import annotations

import dataclasses
import os
import types
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from conclint.cli import command
from conclint.config import Settings
from conclint.discovery import discover
from conclint.judge import Failure
from conclint.memo import Memo
from conclint.run import Outcome
from tests.handmade import engine, finding

__all__ = ["engine"]

LONG_AGO = 1_000_000_000
SLEEPS = "import time\n\n\nasync def f():\n    time.sleep(1)\n"


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _write(path: str = "a.py", text: str = SLEEPS, when: int = LONG_AGO) -> None:
    Path(path).write_text(text, encoding="utf-8")
    os.utime(path, (when, when))


def _settings() -> Settings:
    return Settings(Path.cwd(), cache_dir=Path("cache").absolute())


def _memo(settings: Settings | None = None, *, partial: bool = False) -> Memo:
    settings = settings or _settings()
    return Memo(settings, discover(["."], settings).files, partial)


OUTCOME = Outcome((finding(also=[("b.py", 2)], related=[("a.py", 1, "calls")], primitive=("c.py", 3)),), 2, (), 5)


def test_a_result_is_remembered() -> None:
    _write()
    _memo().save(OUTCOME)
    assert _memo().load() == OUTCOME


def test_nothing_is_remembered_before_it_is_saved() -> None:
    _write()
    assert _memo().load() is None


def test_a_changed_file_is_another_run() -> None:
    _write()
    _memo().save(OUTCOME)
    _write(when=LONG_AGO + 1)
    assert _memo().load() is None


def test_a_file_more_is_another_run() -> None:
    _write()
    _memo().save(OUTCOME)
    _write("b.py")
    assert _memo().load() is None


@pytest.mark.parametrize(
    "changes", [{"select": ("CON1",)}, {"safe": ("x",)}, {"contexts": {"a": "loop"}}, {"target_version": (3, 12)}]
)
def test_other_settings_are_another_run(changes: dict[str, object]) -> None:
    _write()
    _memo().save(OUTCOME)
    other = dataclasses.replace(_settings(), **changes)  # type: ignore[arg-type]  # a test says which
    assert _memo(other).load() is None


@pytest.mark.parametrize("changes", [{"output_format": "json"}, {"jobs": 3}, {"baseline": "x"}])
def test_settings_that_do_not_change_the_result_are_the_same_run(changes: dict[str, object]) -> None:
    _write()
    _memo().save(OUTCOME)
    other = dataclasses.replace(_settings(), **changes)  # type: ignore[arg-type]  # a test says which
    assert _memo(other).load() == OUTCOME


def test_a_part_of_the_files_is_another_run() -> None:
    _write()
    _memo().save(OUTCOME)
    assert _memo(partial=True).load() is None


@pytest.mark.parametrize(
    "outcome",
    [
        dataclasses.replace(OUTCOME, failures=(Failure("CON101", "a.py", "boom"),)),
        dataclasses.replace(OUTCOME, findings=(finding(code="CON001"),)),
        dataclasses.replace(OUTCOME, findings=(finding("\udcff.py"),)),
        dataclasses.replace(OUTCOME, warning="the cache is full"),
    ],
)
def test_a_result_that_may_be_another_next_time_is_not_kept(outcome: Outcome) -> None:
    _write()
    _memo().save(outcome)
    assert _memo().load() is None


def test_a_damaged_memo_is_no_memo() -> None:
    _write()
    _memo().save(OUTCOME)
    for path in Path("cache").glob("memo-*"):
        path.write_bytes(path.read_bytes()[:-3])
    assert _memo().load() is None


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(command(), [*arguments, "--output-format", "concise"], catch_exceptions=False)


def test_a_second_run_does_without_the_engine(engine: types.ModuleType) -> None:
    _write()
    first = _run()
    engine.__dict__["analyse"] = None
    second = _run()
    assert (second.stdout, second.stderr, second.exit_code) == (first.stdout, first.stderr, 1)


def test_a_second_run_without_a_cache_asks_the_engine_again(engine: types.ModuleType) -> None:
    _write()
    _run()
    engine.__dict__["analyse"] = None
    with pytest.raises(TypeError):
        _run("--no-cache")


def test_what_was_remembered_is_not_shown_after_mending(engine: types.ModuleType) -> None:
    assert engine.analyse is not None
    _write()
    _run()
    assert (_run("--fix").stdout, _run().stdout) == ("", "")


def test_a_baseline_holds_for_what_is_remembered(engine: types.ModuleType) -> None:
    assert engine.analyse is not None
    _write()
    _run("--write-baseline", "known.json")
    assert (_run().exit_code, _run("--baseline", "known.json").exit_code) == (1, 0)
