"""A file is replaced whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from conclint.fix.writing import WriteError, write


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "app.py"
    path.write_bytes(b"old\r\n")
    return path


def test_the_new_bytes_are_written_and_nothing_else_is_left(file: Path) -> None:
    write(str(file), b"old\r\n", b"new\r\n")
    assert file.read_bytes() == b"new\r\n"
    assert os.listdir(file.parent) == ["app.py"]


@pytest.mark.parametrize("mode", [0o755, 0o640, 0o600])
def test_the_mode_is_kept(file: Path, mode: int) -> None:
    file.chmod(mode)
    write(str(file), b"old\r\n", b"new")
    assert stat.S_IMODE(file.stat().st_mode) == mode


def test_a_symbolic_link_stays_and_its_file_is_written(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "links"
    folder.mkdir()
    link = folder / "link.py"
    link.symlink_to(file)
    write(str(link), b"old\r\n", b"new")
    assert link.is_symlink()
    assert file.read_bytes() == b"new"


def test_a_file_that_changed_meanwhile_is_refused(file: Path) -> None:
    with pytest.raises(WriteError, match=r"app\.py: has changed since it was read; .* run conclint again"):
        write(str(file), b"older", b"new")
    assert file.read_bytes() == b"old\r\n"


def test_a_read_only_file_is_refused_with_the_way_out(file: Path) -> None:
    file.chmod(0o444)
    with pytest.raises(WriteError, match=r"app\.py: is read-only; make it writable \(`chmod u\+w`\)"):
        write(str(file), b"old\r\n", b"new")
    assert file.read_bytes() == b"old\r\n"


def test_a_read_only_folder_is_refused_with_the_way_out(file: Path) -> None:
    file.parent.chmod(0o555)
    try:
        with pytest.raises(WriteError, match=r"its folder is read-only; make .* writable"):
            write(str(file), b"old\r\n", b"new")
    finally:
        file.parent.chmod(0o755)


@pytest.mark.parametrize("kind", ["folder", "gone"])
def test_what_is_no_file_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "app.py"
    if kind == "folder":
        path.mkdir()
    with pytest.raises(WriteError, match=r"app\.py: "):
        write(str(path), b"", b"new")


def test_a_failure_on_the_way_leaves_the_file_and_no_rest(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: str, target: str) -> None:
        raise OSError(28, "No space left on device", target)

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(WriteError, match="No space left on device; it is left as it was"):
        write(str(file), b"old\r\n", b"new")
    assert file.read_bytes() == b"old\r\n"
    assert os.listdir(file.parent) == ["app.py"]


def test_nothing_is_touched_where_nothing_changes(file: Path) -> None:
    before = file.stat().st_mtime_ns
    write(str(file), b"old\r\n", b"old\r\n")
    assert file.stat().st_mtime_ns == before
