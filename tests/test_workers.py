"""Claims about processes that die of their work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from conclint import workers
from conclint.workers import CRASHED, SLOW, CannotStartError, Piece, Workers

pytestmark = pytest.mark.skipif(not workers.may_fork(), reason="the functions here can only be forked")


def run(program: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a Python of its own that finds conclint."""
    command = [sys.executable, "-c", textwrap.dedent(program)]
    environment = {**os.environ, "PYTHONPATH": str(Path(workers.__file__).parents[1])}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)


def echo(name: bytes) -> bytes:
    return name.upper()


def die_of_bad(name: bytes) -> bytes:
    if b"bad" in name:
        os.kill(os.getpid(), signal.SIGKILL)
    return name


def raise_at_bad(name: bytes) -> bytes:
    if b"bad" in name:
        raise ValueError("bad")
    return name


def hang_at_bad(name: bytes) -> bytes:
    if b"bad" in name:
        signal.pause()
    return name


def pieces(*names: str) -> list[Piece]:
    return [Piece(name.encode(), 10) for name in names]


def test_every_piece_is_answered_once() -> None:
    given = [Piece(b"%d" % number, number) for number in range(500)]
    with Workers(echo, 3, 60) as group:
        answered = [answer.piece for answer in group.answers(given)]
    assert sorted(answered) == sorted(given)


def test_the_piece_that_a_worker_died_of_is_named() -> None:
    with Workers(die_of_bad, 2, 60) as group:
        lost = {answer.piece.name: answer.lost for answer in group.answers(pieces("a", "bad", "c")) if answer.lost}
    assert lost == {b"bad": CRASHED}


def test_the_pieces_around_a_deadly_one_are_answered() -> None:
    names = [f"{number}{'bad' if number % 40 == 0 else ''}" for number in range(200)]
    with Workers(die_of_bad, 2, 60) as group:
        answered = {answer.piece.name for answer in group.answers(pieces(*names)) if not answer.lost}
    assert answered == {name.encode() for name in names if "bad" not in name}


def test_a_worker_that_is_killed_by_others_costs_no_piece(tmp_path: Path) -> None:
    marker = tmp_path / "killed"

    def die_once(name: bytes) -> bytes:
        if name == b"7" and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return name

    with Workers(die_once, 2, 60) as group:
        lost = [answer for answer in group.answers(pieces(*map(str, range(20)))) if answer.lost]
    assert lost == []


def test_an_exception_in_a_worker_costs_its_piece_alone() -> None:
    with Workers(raise_at_bad, 2, 60) as group:
        lost = [answer.piece.name for answer in group.answers(pieces("a", "bad", "c", "d")) if answer.lost]
    assert lost == [b"bad"]


def test_a_piece_over_its_time_is_given_up() -> None:
    with Workers(hang_at_bad, 2, 0.2) as group:
        lost = {answer.piece.name: answer.lost for answer in group.answers(pieces("a", "bad", "c")) if answer.lost}
    assert lost == {b"bad": SLOW}


def test_no_process_outlives_the_group() -> None:
    with Workers(hang_at_bad, 3, 60) as group:
        answers = group.answers(pieces("a", "bad1", "bad2"))
        next(answers)
        processes = [worker.process.pid for worker in group._workers]
    assert [pid for pid in processes if pid is not None and _is_alive(pid)] == []


def test_what_a_worker_writes_to_stderr_is_not_shown(capfd: pytest.CaptureFixture[str]) -> None:
    def shout(name: bytes) -> bytes:
        os.write(2, b"Fatal!")
        return name

    with Workers(shout, 1, 60) as group:
        list(group.answers(pieces("a")))
    assert capfd.readouterr().err == ""


def test_processes_that_cannot_start_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", refuse)
    with Workers(echo, 2, 60) as group, pytest.raises(CannotStartError):
        list(group.answers(pieces("a")))


def test_workers_end_when_their_parent_is_killed() -> None:
    program = """
        import os, signal, sys
        from conclint.workers import Piece, Workers
        with Workers(lambda name: b"%d" % os.getpid(), 2, 60) as group:
            answers = group.answers([Piece(b"%d" % number, 200_000) for number in range(6)])
            print(*sorted({next(answers).data.decode() for _ in range(6)}), flush=True)
            for worker in group._workers:
                print(worker.process.pid, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
    """
    done = run(program)
    # The pipe of their standard output is closed by the last of them: `run` has returned, so none is left.
    assert done.returncode == -signal.SIGKILL


def test_ctrl_c_ends_all_processes_without_a_traceback_of_theirs() -> None:
    program = """
        import os, signal, sys, threading
        from conclint.workers import Piece, Workers
        def work(name):
            if name == b"go":
                os.kill(os.getppid(), signal.SIGINT)
                os.kill(os.getpid(), signal.SIGINT)
            signal.pause()
        try:
            with Workers(work, 2, 60) as group:
                list(group.answers([Piece(b"go", 1), Piece(b"stay", 200_000)]))
        except KeyboardInterrupt:
            sys.exit(130)
    """
    done = run(program)
    assert (done.returncode, done.stderr) == (130, "")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
