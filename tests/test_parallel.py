"""Claims about the facts of many files."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from conclint import facts, parallel, workers
from conclint.cache import Cache
from conclint.discovery import Found
from conclint.parallel import Failed, decoded, facts_of
from conclint.source import Unreadable

MANY = parallel.FEW + 40


def run(program: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a Python of its own that finds conclint."""
    command = [sys.executable, "-c", textwrap.dedent(program)]
    environment = {**os.environ, "PYTHONPATH": str(Path(parallel.__file__).parents[1])}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)


def found(*paths: Path) -> list[Found]:
    return [Found(str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in paths]


@pytest.fixture
def project(tmp_path: Path) -> list[Found]:
    """More files than are read in one process."""
    made = []
    for number in range(MANY):
        path = tmp_path / f"m{number}.py"
        path.write_text(f"import time\ndef f{number}():\n    time.sleep({number})\n" * (number % 7 + 1))
        made.append(path)
    return found(*made)


def test_the_results_are_the_same_with_one_process_and_with_three(project: list[Found]) -> None:
    assert facts_of(project, jobs=1) == facts_of(project, jobs=3)


def test_the_results_are_in_the_order_of_the_files(project: list[Found]) -> None:
    assert list(facts_of(project, jobs=2)) == [file.path for file in project]


def test_many_files_are_read_by_other_processes(project: list[Found], monkeypatch: pytest.MonkeyPatch) -> None:
    here = os.getpid()
    readers: list[bytes] = []
    monkeypatch.setattr(parallel, "answer", lambda _: b"x" + bytes(16) + b"%d" % os.getpid())
    for result in facts_of(project, jobs=2).values():
        assert isinstance(result, Failed)
        readers.append(result.reason.encode())
    assert b"%d" % here not in readers


def test_few_files_are_read_by_this_process(project: list[Found], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "answer", lambda _: b"x" + bytes(16) + b"%d" % os.getpid())
    results = facts_of(project[:5], jobs=2).values()
    assert {result.reason for result in results if isinstance(result, Failed)} == {str(os.getpid())}


def test_a_file_that_kills_its_process_is_the_only_one_that_fails(
    project: list[Found], monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = project[17].path
    whole = parallel.answer

    def deadly(name: bytes) -> bytes:
        if name == victim.encode():
            os.kill(os.getpid(), signal.SIGKILL)
        return whole(name)

    monkeypatch.setattr(parallel, "answer", deadly)
    results = facts_of(project, jobs=2)
    assert [result for result in results.values() if not isinstance(result, bytes)] == [
        Failed(victim, "crashed the process that read it")
    ]


def test_a_file_that_takes_too_long_is_the_only_one_that_fails(
    project: list[Found], monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = project[17].path
    whole = parallel.answer

    def endless(name: bytes) -> bytes:
        if name == victim.encode():
            signal.pause()
        return whole(name)

    monkeypatch.setattr(parallel, "answer", endless)
    results = facts_of(project, jobs=2, seconds=2)
    assert [result for result in results.values() if not isinstance(result, bytes)] == [
        Failed(victim, "took too long to read")
    ]


def test_processes_that_cannot_start_cost_only_time(project: list[Found], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    expected = facts_of(project, jobs=1)
    monkeypatch.setattr(os, "fork", refuse)
    assert facts_of(project, jobs=2) == expected


def test_spawned_processes_find_the_same(project: list[Found], monkeypatch: pytest.MonkeyPatch) -> None:
    expected = facts_of(project, jobs=1)
    monkeypatch.setattr(workers, "may_fork", lambda: False)
    assert facts_of(project, jobs=2) == expected


def test_a_daemonic_process_works_alone(project: list[Found], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)  # type: ignore[attr-defined]  # has no setter
    assert len(facts_of(project, jobs=2)) == MANY


def test_an_extractor_that_raises_costs_its_file_alone(project: list[Found], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> object:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(parallel, "extract", refuse)
    assert facts_of(project[:1]) == {project[0].path: Failed(project[0].path, "ZeroDivisionError: oh")}


def test_a_file_that_vanishes_meanwhile_is_unreadable(project: list[Found]) -> None:
    os.unlink(project[3].path)
    assert facts_of(project)[project[3].path] == Unreadable(project[3].path, "No such file or directory")


def test_what_cannot_be_decoded_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"x = '\xff'\n")
    result = facts_of(found(path))[str(path)]
    assert isinstance(result, Unreadable)
    assert "not utf-8" in result.reason


def test_a_name_that_is_no_utf8_is_read(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.py"))
    path.write_text("x = 1\n")
    assert isinstance(facts_of(found(path))[str(path)], bytes)


def test_a_name_with_a_null_byte_is_unreadable() -> None:
    assert isinstance(facts_of([Found("a\0.py", 0, 0)])["a\0.py"], Unreadable)


def test_an_overlay_stands_for_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("")
    result = facts_of(found(path), overlay={str(path): b"import time\n"})[str(path)]
    assert isinstance(result, bytes)
    assert facts.decode(result).packages == {"time"}


def test_progress_is_told_of_every_file(project: list[Found]) -> None:
    told: list[tuple[int, int]] = []
    facts_of(project, jobs=2, progress=lambda done, total: told.append((done, total)))
    assert told == [(number, MANY) for number in range(1, MANY + 1)]


def test_a_cached_file_is_not_read_again(project: list[Found], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = [Found(path, mtime_ns - 10**10, size) for path, mtime_ns, size in project]
    for path, mtime_ns, _ in old:
        os.utime(path, ns=(mtime_ns, mtime_ns))
    with Cache(tmp_path / "cache") as cache:
        expected = facts_of(old, cache=cache)
    monkeypatch.setattr(parallel, "answer", None)
    with Cache(tmp_path / "cache") as cache:
        assert facts_of(old, cache=cache) == expected


def test_a_file_whose_cached_facts_are_made_up_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("import time\n")
    found_again = decoded(str(path), b"made up")
    assert isinstance(found_again, facts.Facts)
    assert found_again.packages == {"time"}


def test_a_file_that_has_no_facts_has_none_decoded() -> None:
    assert decoded("a.py", Unreadable("a.py", "gone")) == Unreadable("a.py", "gone")


def test_a_file_that_was_only_touched_is_not_parsed_again(
    project: list[Found], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Cache(tmp_path / "cache") as cache:
        expected = facts_of(project, cache=cache)
    monkeypatch.setattr(parallel, "answer", None)
    touched = [Found(path, mtime_ns + 1, size) for path, mtime_ns, size in project]
    with Cache(tmp_path / "cache") as cache:
        assert facts_of(touched, cache=cache) == expected


def test_ctrl_c_is_raised_without_orphans_or_tracebacks(project: list[Found]) -> None:
    program = f"""
        import os, signal, sys
        from pathlib import Path
        from conclint import parallel
        from conclint.discovery import Found
        def interrupt(name):
            os.kill(os.getppid(), signal.SIGINT)
            signal.pause()
        parallel.answer = interrupt
        try:
            parallel.facts_of([Found(*each) for each in {[tuple(file) for file in project]!r}], jobs=2)
        except KeyboardInterrupt:
            sys.exit(130)
    """
    done = run(program)
    assert (done.returncode, done.stderr) == (130, "")
