"""A run that judges again only what may differ finds what a whole run finds, whatever has changed."""

from __future__ import annotations

import random
import zlib
from collections.abc import Mapping
from pathlib import Path

import pytest

from conclint import again, catalogue
from conclint.config import Settings
from conclint.engine import Analysis, analyse
from conclint.finding import Confidence
from conclint.judge import Unit, unit
from conclint.kept import decode, encode, page_of, raw_page
from conclint.program.program import Program
from conclint.rule import Rule
from tests.since_project import EDITS, FILES, Project

RULES = catalogue.load()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    (tmp_path / "code").mkdir()
    monkeypatch.chdir(tmp_path / "code")
    return Project(tmp_path / "code")


def run(project: Project, cache: Path | None, overlay: Mapping[str, bytes] = {}) -> Analysis:
    settings = Settings(root=project.root, jobs=1, cache_dir=cache, min_confidence=Confidence.POSSIBLE)
    return analyse(project.names(), settings, RULES, overlay=overlay)


def kept(project: Project) -> Path:
    return project.root.parent / "cache"


def shown(analysis: Analysis) -> tuple[object, ...]:
    return analysis.findings, dict(analysis.suppressions), analysis.failures


def is_whole(analysis: Analysis) -> bool:
    return "link" in analysis.timings


@pytest.mark.parametrize("seed", range(8))
def test_after_any_change_the_findings_are_those_of_a_whole_run(project: Project, seed: int) -> None:
    choose = random.Random(seed)
    run(project, kept(project))
    told = []
    for _ in range(25):
        told.append([choose.choice(EDITS)(project, choose) for _ in range(choose.choice((1, 1, 2)))])
        found, whole = run(project, kept(project)), run(project, None)
        assert shown(found) == shown(whole), f"after {told}"


def test_the_program_has_findings_of_many_rules(project: Project) -> None:
    assert len({finding.code for finding in run(project, None).findings}) > 10


CHANGES = {
    "a function is renamed": ("shop/clock.py", "def pause(", "def paused("),
    "a helper no longer blocks": ("shop/clock.py", "time.sleep(seconds)", "print(seconds)"),
    "a method no longer overrides": ("shop/slow.py", "def wait(self)", "def waits(self)"),
    "a class gets another base": ("shop/store.py", "class Store(Base)", "class Store"),
    "a constant changes": ("shop/clock.py", "LIMIT = 3", "LIMIT = 0"),
    "an import is another one": ("shop/__init__.py", "pause as rest", "Clock as rest"),
    "a function becomes async": ("shop/store.py", "def put(", "async def put("),
    "a decorator goes": ("shop/work.py", "@guarded\n", ""),
    "a decorator takes no lock": ("shop/work.py", "with lock:\n            return", "if 1:\n            return"),
    "a star import brings less": ("shop/base.py", "['Base', 'take']", "['take']"),
    "an actor has no coroutine any more": ("shop/actors.py", "async def get", "def get"),
    "a pool gets more workers": ("shop/work.py", "ThreadPoolExecutor(1)", "ThreadPoolExecutor(9)"),
    "a caller goes": ("shop/jobs/loop.py", "    start()\n", "    pass\n"),
    "a function is handed to the loop no more": ("shop/jobs/loop.py", "call_soon(tools.tick)", "time()"),
    "a name gets a second name": ("shop/jobs/tools.py", "import time\n", "import time\n\nnap = time.sleep\n"),
    "a line is put in front of all others": ("shop/clock.py", "import time\n", "X = 1\nimport time\n"),
    "a file no longer parses": ("shop/clock.py", "def pause(", "def (pause("),
    "a comment silences a finding": ("shop/jobs/tools.py", "time.sleep(2)", "time.sleep(2)  # noqa: CON101"),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_when(project: Project, change: str) -> None:
    before = shown(run(project, kept(project)))
    project.replace(*CHANGES[change])
    found = run(project, kept(project))
    assert shown(found) == shown(run(project, None))
    assert not is_whole(found)
    project.write(CHANGES[change][0], FILES[CHANGES[change][0]])
    assert shown(run(project, kept(project))) == before


def test_a_change_that_means_nothing_is_not_judged(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    before = run(project, kept(project))
    project.write("shop/clock.py", FILES["shop/clock.py"] + "# the end\n")
    monkeypatch.setattr("conclint.again.unit", None)
    assert run(project, kept(project)).findings == before.findings


def test_rules_are_asked_again_only_where_something_may_differ(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(project, kept(project))
    asked: set[int] = set()

    def noted(program: Program, rule: Rule, number: int) -> Unit:
        asked.add(number)
        return unit(program, rule, number)

    monkeypatch.setattr(again, "unit", noted)
    project.replace(
        "shop/jobs/tools.py", "multiprocessing.Process(target=tick)", "multiprocessing.Process(target=fork)"
    )
    run(project, kept(project))
    number = project.names().index
    assert number("shop/jobs/tools.py") in asked
    assert number("shop/actors.py") not in asked


@pytest.mark.parametrize("name", ["shop/time.py", "time.py", "shop/jobs/clock.py", "requests.py"])
def test_a_file_more_is_felt_by_all(project: Project, name: str) -> None:
    run(project, kept(project))
    project.write(name, "def sleep(seconds):\n    pass\n")
    found = run(project, kept(project))
    assert shown(found) == shown(run(project, None))
    assert is_whole(found)


def test_a_package_that_is_gone_is_felt_by_all(project: Project) -> None:
    run(project, kept(project))
    for name in project.names():
        if name.startswith("shop/jobs/"):
            project.delete(name)
    assert shown(run(project, kept(project))) == shown(run(project, None))


def test_a_new_library_is_felt_by_all(project: Project) -> None:
    run(project, kept(project))
    project.replace("shop/clock.py", "import time\n", "import redis\nimport time\n")
    found = run(project, kept(project))
    assert shown(found) == shown(run(project, None))
    assert is_whole(found)


def test_an_unsaved_file_is_judged_with_all_that_rests_on_it(project: Project) -> None:
    run(project, kept(project))
    overlay = {"shop/clock.py": FILES["shop/clock.py"].replace("time.sleep", "print").encode()}
    found = run(project, kept(project), overlay)
    assert shown(found) == shown(run(project, None, overlay))
    assert not is_whole(found)


def test_an_unsaved_file_leaves_nothing_behind(project: Project) -> None:
    before = shown(run(project, kept(project)))
    run(project, kept(project), {"shop/clock.py": b"x = 1\n"})
    assert shown(run(project, kept(project))) == before


@pytest.mark.parametrize("damage", [b"", b"\x00\x00\x00\x00", b"x" * 999])
def test_a_damaged_state_is_made_anew(project: Project, damage: bytes) -> None:
    run(project, kept(project))
    (state,) = kept(project).glob("kept-*")
    state.write_bytes(damage)
    found = run(project, kept(project))
    assert shown(found) == shown(run(project, None))
    assert is_whole(found)
    assert state.read_bytes() != damage


def test_a_state_with_rows_that_cannot_be_is_made_anew(project: Project) -> None:
    run(project, kept(project))
    (path,) = kept(project).glob("kept-*")
    state = decode(path.read_bytes()[4:])
    assert state is not None
    for table in state.tables.values():
        for name, raw in table.pages.items():
            page = {key: [(row[0], *([10**6] * (len(row) - 1))) for row in rows] for key, rows in page_of(raw).items()}
            table.pages[name] = raw_page(page)
    data = encode(state)
    assert data is not None
    path.write_bytes(zlib.crc32(data).to_bytes(4, "big") + data)
    project.replace("shop/clock.py", "time.sleep(seconds)", "time.sleep(2)")
    assert shown(run(project, kept(project))) == shown(run(project, None))


def test_a_run_with_other_settings_has_a_state_of_its_own(project: Project) -> None:
    run(project, kept(project))
    other = Settings(root=project.root, jobs=1, cache_dir=kept(project), blocking=("shop.base.take",))
    assert is_whole(analyse(project.names(), other, RULES))


def test_only_the_last_states_are_kept(project: Project) -> None:
    for number in range(6):
        settings = Settings(root=project.root, jobs=1, cache_dir=kept(project), safe=(f"x{number}",))
        analyse(project.names(), settings, RULES)
    assert len(list(kept(project).glob("kept-*"))) == 4
