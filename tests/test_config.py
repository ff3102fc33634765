from __future__ import annotations

import os
from pathlib import Path

import pytest

from conclint import config, config_file
from conclint.config import ConfigError, Options, Settings, selected
from conclint.finding import Confidence, Severity
from tests.handmade import RULES


def _project(folder: Path, text: str, name: str = "conclint.toml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def _load(folder: Path, command: Options | None = None) -> Settings:
    return config.load([str(folder)], command or Options())


def _codes(settings: Settings) -> list[str]:
    return sorted(selected(settings, RULES))


def test_without_a_file_the_root_is_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert _load(tmp_path).root == tmp_path


def test_the_table_of_pyproject_is_read(tmp_path: Path) -> None:
    _project(tmp_path, "[tool.conclint]\njobs = 3\n", "pyproject.toml")
    assert _load(tmp_path).jobs == 3


def test_the_folder_of_the_file_is_the_root(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    _project(tmp_path, "jobs = 3\n")
    assert _load(inner).root == tmp_path


def test_the_nearest_file_wins(tmp_path: Path) -> None:
    inner = tmp_path / "a"
    inner.mkdir()
    _project(tmp_path, "jobs = 3\n")
    _project(inner, "jobs = 4\n")
    assert _load(inner).jobs == 4


def test_a_pyproject_without_our_table_is_passed_over(tmp_path: Path) -> None:
    inner = tmp_path / "a"
    inner.mkdir()
    _project(tmp_path, "jobs = 3\n")
    _project(inner, "[tool.other]\nx = 'conclint'\n", "pyproject.toml")
    assert _load(inner).jobs == 3


def test_our_own_file_beats_pyproject_beside_it(tmp_path: Path) -> None:
    _project(tmp_path, "jobs = 3\n")
    _project(tmp_path, "[tool.conclint]\njobs = 4\n", "pyproject.toml")
    assert _load(tmp_path).jobs == 3


def test_a_broken_pyproject_that_is_not_about_conclint_does_not_matter(tmp_path: Path) -> None:
    _project(tmp_path, "[[[ broken", "pyproject.toml")
    assert _load(tmp_path).source == ""


def test_several_paths_share_the_configuration_above_all_of_them(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        _project(tmp_path / name, "jobs = 9\n")
    _project(tmp_path, "jobs = 3\n")
    assert config.load([str(tmp_path / "a"), str(tmp_path / "b")], Options()).jobs == 3


def test_isolated_reads_no_file(tmp_path: Path) -> None:
    _project(tmp_path, "jobs = 3\n")
    assert config.load([str(tmp_path)], Options(), isolated=True).jobs == 0


def test_a_named_file_is_used_instead_of_the_nearest(tmp_path: Path) -> None:
    _project(tmp_path, "jobs = 3\n")
    _project(tmp_path, "jobs = 5\n", "other.toml")
    assert config.load([str(tmp_path)], Options(), config=str(tmp_path / "other.toml")).jobs == 5


def test_the_command_line_wins_over_the_file(tmp_path: Path) -> None:
    _project(tmp_path, 'jobs = 3\nmin-confidence = "certain"\n')
    settings = _load(tmp_path, Options(jobs=7, min_confidence="possible"))
    assert (settings.jobs, settings.min_confidence) == (7, Confidence.POSSIBLE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("slect = []", "unknown key `slect` (nearest: `select`)"),
        ("zzz = 1", "unknown key `zzz`"),
        ('select = "CON1"', '`select` must be a list of strings, as in ["CON101"], not "CON1"'),
        ("select = [1]", '`select` must be a list of strings, as in ["CON101"], not [1]'),
        ("jobs = -1", "`jobs` must be a whole number, 0 for as many as there are processors, not -1"),
        ("jobs = true", "`jobs` must be a whole number, 0 for as many as there are processors, not true"),
        ('min-severity = "bad"', '`min-severity` must be "note", "warning" or "error", not "bad"'),
        ('contexts = { x = "moon" }', '`contexts` must be a table from decorator to "loop", "thread" or "process"'),
        ("per-file-ignores = []", "`per-file-ignores` must be a table from pattern to list of codes"),
        ('target-version = "2.7"', "`target-version` must be a version, as in 3.11, not '2.7'"),
        ("select = [", "is not valid TOML"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_file_key_and_what_is_right(tmp_path: Path, text: str, message: str) -> None:
    _project(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        _load(tmp_path)
    assert message in str(caught.value)
    assert "conclint.toml" in str(caught.value)


def test_a_mistake_in_pyproject_is_told_with_its_table(tmp_path: Path) -> None:
    _project(tmp_path, "[tool.conclint]\nslect = []\n", "pyproject.toml")
    with pytest.raises(ConfigError, match=r"unknown key `tool\.conclint\.slect`"):
        _load(tmp_path)


def test_a_file_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    (tmp_path / "conclint.toml").write_bytes(b'select = ["\xff"]')
    with pytest.raises(ConfigError, match="is not UTF-8"):
        _load(tmp_path)


def test_a_named_file_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.toml: cannot be read"):
        config.load([str(tmp_path)], Options(), config=str(tmp_path / "absent.toml"))


def test_extra_roots_are_made_absolute(tmp_path: Path) -> None:
    _project(tmp_path, 'extra-roots = ["lib"]')
    assert _load(tmp_path).extra_roots == (str(tmp_path / "lib"),)


def test_the_cache_is_beside_the_configuration(tmp_path: Path) -> None:
    _project(tmp_path, "")
    assert _load(tmp_path).cache_dir == tmp_path / ".conclint_cache"


def test_a_cache_named_on_the_command_line_is_relative_to_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "p"
    project.mkdir()
    _project(project, 'cache-dir = "in-file"')
    monkeypatch.chdir(tmp_path)
    assert _load(project, Options(cache_dir="here")).cache_dir == Path(os.path.abspath("here"))


def test_the_knowledge_of_the_user_is_read(tmp_path: Path) -> None:
    _project(tmp_path, 'blocking = ["a.b"]\nsafe = ["c"]\noffloads = ["d"]\ncontexts = { "e.f" = "loop" }\n')
    settings = _load(tmp_path)
    assert (settings.blocking, settings.safe, settings.offloads, dict(settings.contexts)) == (
        ("a.b",),
        ("c",),
        ("d",),
        {"e.f": "loop"},
    )


@pytest.mark.parametrize(
    ("requires", "expected"),
    [(">=3.10", (3, 10)), (">=3.9,<4", (3, 9)), ("~=3.11", (3, 11)), ("<4", None), ("==3.12.*", (3, 12))],
)
def test_the_target_version_comes_from_requires_python(
    tmp_path: Path, requires: str, expected: tuple[int, int] | None
) -> None:
    _project(tmp_path, f'[project]\nrequires-python = "{requires}"\n', "pyproject.toml")
    assert _load(tmp_path).target_version == expected


@pytest.mark.parametrize(("text", "expected"), [("3.11", (3, 11)), ("py39", (3, 9)), ("3.12.1", (3, 12)), ("4", None)])
def test_versions_are_read_in_the_usual_spellings(text: str, expected: tuple[int, int] | None) -> None:
    assert config_file.version(text) == expected


def test_a_said_target_version_beats_requires_python(tmp_path: Path) -> None:
    _project(tmp_path, '[project]\nrequires-python = ">=3.10"\n', "pyproject.toml")
    assert _load(tmp_path, Options(target_version="3.13")).target_version == (3, 13)


DEFAULT = [rule.code for rule in RULES if rule.default]


def test_the_default_rules_are_selected_when_nothing_is_said(tmp_path: Path) -> None:
    assert _codes(Settings(tmp_path)) == DEFAULT


def test_a_prefix_selects_all_rules_that_begin_with_it(tmp_path: Path) -> None:
    assert _codes(Settings(tmp_path, select=("CON1",))) == ["CON101", "CON102", "CON104"]


def test_a_name_selects_its_rule(tmp_path: Path) -> None:
    assert _codes(Settings(tmp_path, select=("blocking-sleep",))) == ["CON101"]


def test_extend_select_adds_to_the_default(tmp_path: Path) -> None:
    assert _codes(Settings(tmp_path, extend_select=("CON104",))) == sorted([*DEFAULT, "CON104"])


def test_ignore_takes_away(tmp_path: Path) -> None:
    assert _codes(Settings(tmp_path, select=("CON1",), ignore=("CON102",))) == ["CON101", "CON104"]


def test_the_more_specific_pattern_decides(tmp_path: Path) -> None:
    assert _codes(Settings(tmp_path, select=("CON101",), extend_select=("CON2",), ignore=("CON1",))) == [
        "CON101",
        "CON201",
    ]


def test_ignore_wins_where_both_are_as_specific(tmp_path: Path) -> None:
    assert _codes(Settings(tmp_path, select=("CON101",), ignore=("blocking-sleep",))) == []


def test_ignore_all_leaves_nothing_of_the_default(tmp_path: Path) -> None:
    assert _codes(Settings(tmp_path, ignore=("ALL",))) == []


def test_select_on_the_command_line_replaces_the_selection_of_the_file(tmp_path: Path) -> None:
    _project(tmp_path, 'extend-select = ["CON104"]\nignore = ["CON101"]\n')
    assert _codes(_load(tmp_path, Options(select=("CON101",)))) == ["CON101"]


def test_extend_ignore_on_the_command_line_adds_to_the_file(tmp_path: Path) -> None:
    _project(tmp_path, 'select = ["CON1"]\nignore = ["CON101"]\n')
    assert _codes(_load(tmp_path, Options(extend_ignore=("CON104",)))) == ["CON102"]


def test_a_pattern_that_names_no_rule_is_told_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"--select: `blocking-slep` names no rule \(nearest: `blocking-sleep`\)"):
        config.check_patterns(RULES, "--select", ["blocking-slep"])


def test_a_pattern_of_the_file_is_told_with_file_and_key(tmp_path: Path) -> None:
    settings = Settings(tmp_path, source="x.toml", per_file_ignores=(("tests/*", ("CON9",)),))
    with pytest.raises(ConfigError, match=r'x\.toml: `per-file-ignores\."tests/\*"`: `CON9` names no rule'):
        config.check(settings, RULES)


def test_severity_is_not_limited_unless_it_is_said(tmp_path: Path) -> None:
    assert _load(tmp_path, Options(min_severity="warning")).min_severity == Severity.WARNING
    assert Settings(tmp_path).min_severity is None
