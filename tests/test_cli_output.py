from __future__ import annotations

import io
import os
import sys
import types
from pathlib import Path

import pytest

from conclint import atomic_file, cli_output
from conclint.config_file import ConfigError


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> _Terminal:
    stream = _Terminal()
    # Not `sys.stderr` itself: between a fixture and its test, pytest sets that anew.
    monkeypatch.setattr("conclint.cli_output.sys", types.SimpleNamespace(stderr=stream, stdout=stream))
    monkeypatch.setenv("TERM", "xterm")
    return stream


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr("conclint.cli_output.time.monotonic", lambda: now[0])
    return now


def test_a_short_run_has_no_progress_bar(terminal: _Terminal, clock: list[float]) -> None:
    bar = cli_output.ProgressBar(True)
    clock[0] += 0.9
    bar(1, 2)
    bar.clear()
    assert terminal.getvalue() == ""


def test_a_run_of_more_than_a_second_has_one(terminal: _Terminal, clock: list[float]) -> None:
    bar = cli_output.ProgressBar(True)
    clock[0] += 1.1
    bar(1, 2)
    assert "1 of 2 files" in terminal.getvalue()


def test_the_progress_bar_is_gone_at_the_end(terminal: _Terminal, clock: list[float]) -> None:
    bar = cli_output.ProgressBar(True)
    clock[0] += 1.1
    bar(1, 2)
    bar.clear()
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_a_progress_bar_is_drawn_again_only_when_it_changes(terminal: _Terminal, clock: list[float]) -> None:
    bar = cli_output.ProgressBar(True)
    clock[0] += 1.1
    bar(1, 2)
    once = terminal.getvalue()
    bar(1, 2)
    assert terminal.getvalue() == once


def test_nothing_of_a_progress_bar_goes_into_a_pipe(monkeypatch: pytest.MonkeyPatch, clock: list[float]) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    bar = cli_output.ProgressBar(True)
    clock[0] += 9
    bar(1, 2)
    bar.clear()
    assert stream.getvalue() == ""


def test_a_dumb_terminal_has_no_progress_bar(
    terminal: _Terminal, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    bar = cli_output.ProgressBar(True)
    clock[0] += 9
    bar(1, 2)
    assert terminal.getvalue() == ""


def test_the_width_is_the_same_everywhere_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "33")
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert cli_output.width() == 120


def test_the_width_of_a_terminal_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "77")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", _Terminal())
    assert cli_output.width() == 77


def test_an_output_that_carries_only_ascii_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert cli_output.ascii_alone()


def test_a_file_that_is_written_is_whole_or_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("conclint.atomic_file.os.replace", fail)
    with pytest.raises(OSError, match="No space"):
        atomic_file.replace(str(path), b"new")
    assert (path.read_bytes(), os.listdir(tmp_path)) == (b"old", ["x"])


def test_a_link_that_is_written_to_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "link").symlink_to("target")
    atomic_file.replace(str(tmp_path / "link"), b"new")
    assert ((tmp_path / "link").is_symlink(), (tmp_path / "target").read_bytes()) == (True, b"new")


def test_a_file_that_is_written_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old")
    path.chmod(0o640)
    atomic_file.replace(str(path), b"new")
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_device_can_be_written_to() -> None:
    cli_output.emit(["text"], os.devnull)


def test_a_folder_cannot_be_written_to(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        cli_output.emit(["text"], str(tmp_path))


def test_an_output_that_the_shell_has_closed_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conclint.cli_output.sys", types.SimpleNamespace(stderr=None, stdout=None))
    cli_output.emit(["text"])
    assert (cli_output.width(), cli_output.ascii_alone()) == (120, True)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a full device")
def test_an_output_that_is_full_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with open("/dev/full", "w", encoding="utf-8") as stream:
        monkeypatch.setattr("conclint.cli_output.sys", types.SimpleNamespace(stdout=stream))
        with pytest.raises(ConfigError, match="the output cannot be written: No space left on device"):
            cli_output.emit(["text"])
