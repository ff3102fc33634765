"""What the guard has seen happen is said of the findings that it is about."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import jsonschema
import pytest

from conclint import evidence
from conclint.config_file import ConfigError
from conclint.contents import Contents
from conclint.evidence import At, Evidence, Seen, Witness
from conclint.finding import Finding, Place, Span
from conclint.report import Report, render
from tests.handmade import RULES, finding

SCHEMA = Path(__file__).parent / "data" / "sarif-schema-2.1.0.json"
ROOT = Path(__file__).parent.parent


def witness(*lines: tuple[str, int], code: str | None = "CON101", count: int = 1, seconds: float = 0.0) -> Witness:
    stack = tuple(At(os.path.abspath(file), line, "f") for file, line in lines)
    return Witness(code, "a-rule", "it happened", "certain", count, seconds, stack)


def test_a_finding_is_witnessed_at_its_own_line() -> None:
    assert Evidence([witness(("a.py", 2), count=3, seconds=0.5)]).of(finding("a.py", 2)) == Seen(3, 0.5, "certain")


def test_a_finding_is_witnessed_by_a_frame_on_the_way() -> None:
    assert Evidence([witness(("b.py", 9), ("a.py", 2))]).of(finding("a.py", 2)) is not None


def test_a_finding_is_not_witnessed_by_another_code() -> None:
    assert Evidence([witness(("a.py", 2), code="CON102")]).of(finding("a.py", 2)) is None


def test_a_finding_is_not_witnessed_at_another_line() -> None:
    assert Evidence([witness(("a.py", 3))]).of(finding("a.py", 2)) is None


def test_a_finding_is_not_witnessed_in_another_file_of_the_same_name() -> None:
    assert Evidence([witness(("other/a.py", 2))]).of(finding("a.py", 2)) is None


def test_a_witness_without_a_code_is_about_no_finding() -> None:
    assert Evidence([witness(("a.py", 2), code=None)]).of(finding("a.py", 2)) is None


def test_a_finding_over_several_lines_is_witnessed_on_each() -> None:
    import msgspec

    tall = msgspec.structs.replace(finding("a.py", 2), place=Place("a.py", Span(2, 0, 4, 1)))
    assert Evidence([witness(("a.py", 4))]).of(tall) is not None


def test_a_finding_is_witnessed_at_its_primitive() -> None:
    import msgspec

    reached = msgspec.structs.replace(finding("a.py", 2), primitive=Place("b.py", Span(9, 0, 9, 5)))
    assert Evidence([witness(("b.py", 9))]).of(reached) is not None


def test_several_witnesses_of_a_finding_are_summed_with_the_worst_time() -> None:
    both = Evidence([witness(("a.py", 2), count=2, seconds=0.1), witness(("b.py", 1), ("a.py", 2), seconds=0.4)])
    assert both.of(finding("a.py", 2)) == Seen(3, 0.4, "certain")


def test_one_witness_that_has_the_line_twice_counts_once() -> None:
    assert Evidence([witness(("a.py", 2), ("a.py", 2))]).of(finding("a.py", 2)) == Seen(1, 0.0, "certain")


def written(folder: Path, document: object) -> list[str]:
    path = folder / "evidence.json"
    path.write_text(json.dumps(document))
    return [str(path)]


WHOLE: Mapping[str, object] = {"format": "conclint-evidence", "version": 1, "python": "3.11.7", "witnesses": []}


def test_a_file_that_is_not_there_is_refused_with_the_command_that_writes_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no such evidence; `python -m conclint_runtime\.guard"):
        evidence.read([str(tmp_path / "none.json")])


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        evidence.read([str(tmp_path)])


def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "evidence.json"
    path.write_bytes(b"\xff{")
    with pytest.raises(ConfigError, match=r"evidence\.json: is not evidence"):
        evidence.read([str(path)])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"format": "other"}, "its format is 'other'"),
        ({"version": 2}, "evidence of version 2"),
        ({"witnesses": [{}]}, r"\$\.witnesses\[0\]"),
        ({"witnesses": 1}, r"\$\.witnesses"),
    ],
)
def test_a_file_of_another_form_is_refused_with_the_place_in_it(
    change: Mapping[str, object], told: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=told):
        evidence.read(written(tmp_path, {**WHOLE, **change}))


def test_several_files_are_read_as_one(tmp_path: Path) -> None:
    path = written(tmp_path, WHOLE)
    assert len(evidence.read([*path, *path])) == 0


def text(name: str, each: Finding, seen: Seen | None) -> str:
    contents = Contents({"a.py": b"def f():\n    slow(1)\n"})
    shown = Report((each,), contents, {rule.code: rule for rule in RULES}, Path.cwd(), witnessed=lambda _: seen)
    return "".join(render(name, shown))


def test_the_full_report_says_how_often_and_how_long() -> None:
    assert "witnessed: 3 times, the worst took 150 ms" in text("full", finding("a.py", 2), Seen(3, 0.15, "certain"))


def test_the_full_report_says_what_is_only_likely() -> None:
    assert "witnessed: once (likely)" in text("full", finding("a.py", 2), Seen(1, 0.0, "likely"))


def test_the_json_report_has_the_figures() -> None:
    [entry] = json.loads(text("json", finding("a.py", 2), Seen(3, 0.15, "certain")))
    assert entry["witnessed"] == {"count": 3, "seconds": 0.15, "certainty": "certain"}


def test_the_json_report_has_no_such_field_without_evidence() -> None:
    [entry] = json.loads(text("json", finding("a.py", 2), None))
    assert "witnessed" not in entry


def test_the_sarif_report_has_the_figures_and_is_valid() -> None:
    log = json.loads(text("sarif", finding("a.py", 2), Seen(3, 0.15, "certain")))
    jsonschema.validate(log, json.loads(SCHEMA.read_text()))
    witnessed = log["runs"][0]["results"][0]["properties"]["witnessed"]
    assert witnessed == {"count": 3, "milliseconds": 150, "certainty": "certain"}


# A program whose main coroutine is all that runs on its loop is a note.
OPTIONS = ("--isolated", "--no-cache", "--min-severity", "note")
PROGRAM = """\
import asyncio
import time


def helper():
    time.sleep(0.01)


async def main():
    helper()


asyncio.run(main())
"""


def test_what_the_guard_writes_of_a_run_is_said_of_the_finding(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    paths = os.pathsep.join(str(ROOT / each) for each in (".", "rules", "runtime"))
    environment = {**os.environ, "PYTHONPATH": paths}

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", *command],
            capture_output=True, text=True, check=False, cwd=tmp_path, env=environment, timeout=60,
        )  # fmt: skip

    guarded = run("conclint_runtime.guard", "--evidence", "evidence.json", "program.py")
    assert guarded.returncode == 0, guarded.stderr
    linted = run("conclint", *OPTIONS, "--evidence", "evidence.json", "program.py")
    assert "witnessed: once, it took" in linted.stdout, linted.stdout + linted.stderr
    assert "1 of them witnessed" in linted.stderr
