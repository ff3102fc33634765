"""What a rule finds in the source happens when the program runs: the guard sees it in `bad`, and not in `good`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conclint.evidence import Evidence, read
from conclint.rule import Rule
from conclint.testing import lint_text, split
from conclint_rules.catalogue import RULES

ROOT = Path(__file__).resolve().parent.parent
# Rules of the engine itself speak of files and comments, which do not run.
CHECKED = [rule for rule in RULES if not rule.code.startswith("CON00")]
WITNESSED = [rule for rule in CHECKED if rule.witness]
# Seconds after which a program that does not end by itself is ended, and its report read.
PATIENCE = 30
# As many schedules as a race may need to show itself; the first of them that fails ends the search.
SEEDS = 12
RACE = "race"
# Libraries that examples use and conclint can do without; the engines of actors are embedded.
OPTIONAL = ("anyio", "trio")


def by_code(rule: Rule) -> str:
    return rule.code


def in_environment(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(str(ROOT / part) for part in (".", "rules", "runtime"))
    return subprocess.run(
        [sys.executable, "-m", "conclint_runtime.guard", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE,
        check=False,
    )


def laid_out(folder: Path, text: str) -> str:
    """The files of an example in a folder; the name of the one that is run, which is the last."""
    for library in OPTIONAL:
        if f"import {library}" in text:
            pytest.importorskip(library)
    files = split(text)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return list(files)[-1]


def guarded(folder: Path, text: str) -> Evidence:
    main = laid_out(folder, text)
    options = ("--evidence", "evidence.json", "--embed", "ray,xoscar", "--timeout", str(PATIENCE), "--quiet")
    done = in_environment(folder, *options, main)
    assert (folder / "evidence.json").is_file(), done.stderr
    return read([str(folder / "evidence.json")])


def fails_under_some_schedule(folder: Path, text: str) -> bool:
    main = laid_out(folder, text)
    done = in_environment(folder, "explore", "--seeds", str(SEEDS), "--quiet", main)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode == 1


@pytest.mark.parametrize("rule", WITNESSED, ids=by_code)
def test_the_guard_sees_in_bad_what_the_rule_reports(
    rule: Rule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    evidence = guarded(tmp_path, rule.bad)
    if not any(evidence.of(finding) is not None for finding in lint_text(rule.bad, [rule])):
        # What nobody can see in one run shows itself in the outcome of some, and never in that of `good`.
        assert rule.witness == RACE
        assert fails_under_some_schedule(tmp_path, rule.bad)
        assert not fails_under_some_schedule(tmp_path, rule.good)


@pytest.mark.parametrize("rule", WITNESSED, ids=by_code)
def test_the_guard_does_not_see_it_in_good(rule: Rule, tmp_path: Path) -> None:
    assert rule.code not in guarded(tmp_path, rule.good).codes()


def test_at_most_one_rule_in_ten_has_no_witness() -> None:
    without = [rule.code for rule in CHECKED if not rule.witness]
    assert len(without) * 10 <= len(CHECKED), without
