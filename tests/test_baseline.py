from __future__ import annotations

from pathlib import Path

import pytest

from conclint import baseline
from conclint.config_file import ConfigError
from conclint.contents import Contents
from conclint.finding import Finding
from conclint.fingerprint import distinct, fingerprints
from tests.handmade import finding

TEXT = b"def f():\n    slow(1)\n    slow(1)\n"


def _prints(*findings: Finding, text: bytes = TEXT, root: Path | None = None) -> tuple[str, ...]:
    return fingerprints(findings, Contents({"a.py": text}), root or Path.cwd())


def _written(folder: Path, *findings: Finding) -> baseline.Baseline:
    path = str(folder / "baseline.json")
    baseline.write(path, findings, _prints(*findings), str(Path.cwd()))
    return baseline.read(path)


def test_a_known_finding_is_taken_out(tmp_path: Path) -> None:
    known = _written(tmp_path, finding(row=2))
    assert baseline.compare(known, [finding(row=2)], _prints(finding(row=2))).findings == ()


def test_a_known_finding_is_known_after_its_line_has_moved(tmp_path: Path) -> None:
    known = _written(tmp_path, finding(row=2))
    moved = finding(row=4)
    assert baseline.compare(known, [moved], _prints(moved, text=b"\n\n" + TEXT)).findings == ()


def test_a_known_finding_is_known_after_its_line_was_indented(tmp_path: Path) -> None:
    known = _written(tmp_path, finding(row=2))
    text = TEXT.replace(b"    slow(1)", b"\t\tslow(1)")
    assert baseline.compare(known, [finding(row=2)], _prints(finding(row=2), text=text)).findings == ()


def test_a_finding_of_another_rule_on_the_same_line_is_new(tmp_path: Path) -> None:
    known = _written(tmp_path, finding(row=2))
    other = finding(row=2, code="CON102")
    assert baseline.compare(known, [other], _prints(other)).findings == (other,)


def test_a_finding_in_another_function_is_new(tmp_path: Path) -> None:
    known = _written(tmp_path, finding(row=2, root="f"))
    other = finding(row=2, root="g")
    assert baseline.compare(known, [other], _prints(other)).findings == (other,)


def test_one_more_of_the_same_is_new(tmp_path: Path) -> None:
    known = _written(tmp_path, finding(row=2))
    both = [finding(row=2), finding(row=3)]
    assert baseline.compare(known, both, _prints(*both)).findings == (both[1],)


def test_findings_alike_are_counted_in_the_file(tmp_path: Path) -> None:
    known = _written(tmp_path, finding(row=2), finding(row=3))
    assert [entry.count for entry in known.findings] == [2]


def test_what_is_not_found_any_more_is_counted(tmp_path: Path) -> None:
    known = _written(tmp_path, finding(row=2), finding(row=2, code="CON102"))
    compared = baseline.compare(known, [finding(row=2)], _prints(finding(row=2)))
    assert (compared.known, compared.gone) == (1, 1)


def test_a_baseline_is_the_same_whatever_the_order_of_findings(tmp_path: Path) -> None:
    one, two = finding(row=2, code="CON102"), finding(row=2)
    assert _written(tmp_path, one, two) == _written(tmp_path, two, one)


def test_a_baseline_does_not_depend_on_where_it_is_run_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.py").write_bytes(TEXT)
    monkeypatch.chdir(tmp_path)
    here = fingerprints([finding("a.py", 2)], Contents(), tmp_path)
    monkeypatch.chdir(tmp_path / "sub")
    assert fingerprints([finding("../a.py", 2)], Contents(), tmp_path) == here


def test_equal_fingerprints_are_numbered() -> None:
    assert distinct(["x", "y", "x", "x"]) == ("x", "y", "x:2", "x:3")


def test_a_baseline_that_does_not_exist_is_told_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such baseline; `--write-baseline"):
        baseline.read(str(tmp_path / "absent.json"))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 1}', '{"version": "x", "findings": []}', "\0"])
def test_a_file_that_is_no_baseline_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "b.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="is not a baseline"):
        baseline.read(str(path))


def test_a_baseline_of_another_version_is_told(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    path.write_text('{"version": 99, "findings": []}', encoding="utf-8")
    with pytest.raises(ConfigError, match="version 99"):
        baseline.read(str(path))
