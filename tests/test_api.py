from __future__ import annotations

import types
from pathlib import Path

import pytest

import conclint
from tests.handmade import engine

__all__ = ["engine"]

SLEEPS = "import time\n\n\nasync def f():\n    time.sleep(1)\n"


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: types.ModuleType) -> None:
    assert engine.analyse is not None
    monkeypatch.chdir(tmp_path)


def _places(findings: list[conclint.Finding]) -> list[tuple[str, int]]:
    return [(finding.place.path, finding.place.span.row) for finding in findings]


def test_one_path_is_linted() -> None:
    Path("a.py").write_text(SLEEPS, encoding="utf-8")
    assert _places(conclint.lint("a.py")) == [("a.py", 5)]


def test_several_paths_are_linted() -> None:
    for name in ("a.py", "b.py"):
        Path(name).write_text(SLEEPS, encoding="utf-8")
    assert _places(conclint.lint([Path("b.py"), "a.py"])) == [("a.py", 5), ("b.py", 5)]


def test_the_working_folder_is_linted_without_paths() -> None:
    Path("a.py").write_text(SLEEPS, encoding="utf-8")
    assert _places(conclint.lint()) == [("a.py", 5)]


def test_source_is_linted_under_its_name() -> None:
    assert _places(conclint.lint(source=SLEEPS, filename="x.py")) == [("x.py", 5)]


def test_paths_and_source_exclude_each_other() -> None:
    with pytest.raises(TypeError, match="not both"):
        conclint.lint("a.py", source="")


def test_the_nearest_configuration_is_used() -> None:
    Path("conclint.toml").write_text('ignore = ["CON101"]\n', encoding="utf-8")
    assert conclint.lint(source=SLEEPS) == []


def test_options_win_over_the_configuration() -> None:
    Path("conclint.toml").write_text('ignore = ["CON101"]\n', encoding="utf-8")
    assert len(conclint.lint(config=conclint.Options(select=("CON101",)), source=SLEEPS)) == 1


def test_a_configuration_file_can_be_named() -> None:
    Path("other.toml").write_text('ignore = ["CON101"]\n', encoding="utf-8")
    assert conclint.lint(config="other.toml", source=SLEEPS) == []


def test_settings_are_used_as_they_are(tmp_path: Path) -> None:
    settings = conclint.Settings(tmp_path, ignore=("CON101",))
    assert conclint.lint(config=settings, source=SLEEPS) == []


def test_a_path_that_does_not_exist_is_an_error_of_ours() -> None:
    with pytest.raises(conclint.ConfigError, match="absent: no such file or folder"):
        conclint.lint("absent")


def test_a_code_that_is_no_rule_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(conclint.ConfigError, match="`CON999` names no rule"):
        conclint.lint(config=conclint.Settings(tmp_path, select=("CON999",)), source="")


def test_a_rule_that_breaks_is_an_error_that_has_the_findings_of_the_others() -> None:
    with pytest.raises(conclint.LintError) as caught:
        conclint.lint(source=SLEEPS + "# boom\n")
    assert (len(caught.value.findings), caught.value.failures[0].rule) == (1, "CON102")


def test_a_name_that_conclint_does_not_have_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        conclint.__getattr__("nothing")


def test_every_exported_name_can_be_had() -> None:
    assert [name for name in conclint.__all__ if not hasattr(conclint, name)] == []
