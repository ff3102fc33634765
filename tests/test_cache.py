"""Claims about the cache: what it remembers, and that nothing in its folder can harm."""

from __future__ import annotations

import errno
import os
import time
import zlib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from conclint import cache as cache_module
from conclint import cache_pack
from conclint.cache import RACY_NS, Cache, MemoKey, clear
from conclint.cache_key import extractor_key, program_key
from conclint.discovery import Found
from conclint.source import digest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def file(tmp_path: Path) -> Found:
    """A file that was written long ago."""
    return written(tmp_path / "a.py", b"x = 1\n")


def written(path: Path, data: bytes, age_ns: int = 3600 * 10**9) -> Found:
    path.write_bytes(data)
    stamp = time.time_ns() - age_ns
    os.utime(path, ns=(stamp, stamp))
    return stated(path)


def stated(path: Path) -> Found:
    status = path.stat()
    return Found(str(path), status.st_mtime_ns, status.st_size)


def name(file: Found) -> bytes:
    return digest(Path(file.path).read_bytes())


def store(folder: Path, file: Found, encoded: bytes) -> None:
    with Cache(folder) as cache:
        cache.store(*file, name(file), encoded)


def asked(folder: Path, file: Found) -> bytes | None:
    with Cache(folder) as cache:
        return cache.facts_for(*file)


def only(folder: Path, pattern: str) -> Path:
    (path,) = folder.glob(pattern)
    return path


# What it remembers ----------------------------------------------------------------------------------------------------


def test_what_was_stored_is_found_by_time_and_size(folder: Path, file: Found) -> None:
    store(folder, file, b"facts")
    assert asked(folder, file) == b"facts"


def test_a_file_of_another_time_is_not_known(folder: Path, file: Found) -> None:
    store(folder, file, b"facts")
    assert asked(folder, file._replace(mtime_ns=file.mtime_ns + 1)) is None


def test_a_file_of_another_size_is_not_known(folder: Path, file: Found) -> None:
    store(folder, file, b"facts")
    assert asked(folder, file._replace(size=file.size + 1)) is None


def test_contents_are_known_wherever_they_lie(folder: Path, file: Found) -> None:
    store(folder, file, b"facts")
    with Cache(folder) as cache:
        assert cache.facts_of("elsewhere.py", 1, 2, name(file)) == b"facts"


def test_a_touched_file_is_known_by_its_new_time_once_its_contents_were_seen(folder: Path, file: Found) -> None:
    store(folder, file, b"facts")
    os.utime(file.path, ns=(file.mtime_ns + 5, file.mtime_ns + 5))
    touched = stated(Path(file.path))
    with Cache(folder) as cache:
        cache.facts_of(*touched, name(file))
    assert asked(folder, touched) == b"facts"


def test_a_file_that_was_just_written_is_not_trusted_by_its_time(folder: Path, tmp_path: Path) -> None:
    young = written(tmp_path / "a.py", b"x = 1\n", age_ns=0)
    store(folder, young, b"facts")
    assert asked(folder, young) is None


def test_a_file_that_was_just_written_is_known_by_its_contents(folder: Path, tmp_path: Path) -> None:
    young = written(tmp_path / "a.py", b"x = 1\n", age_ns=0)
    store(folder, young, b"facts")
    with Cache(folder) as cache:
        assert cache.facts_of(*young, name(young)) == b"facts"


def test_a_file_that_changed_while_it_was_read_is_not_known_by_its_old_time(folder: Path, file: Found) -> None:
    before = file
    os.utime(file.path, ns=(file.mtime_ns + 5, file.mtime_ns + 5))
    store(folder, before, b"facts")
    assert asked(folder, before) is None


def test_equal_paths_below_different_folders_are_different_files(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("one", "two"):
        (tmp_path / place).mkdir()
        written(tmp_path / place / "a.py", place.encode())
        os.utime(tmp_path / place / "a.py", ns=(10**18, 10**18))
    monkeypatch.chdir(tmp_path / "one")
    with Cache(folder) as cache:
        cache.store("a.py", 10**18, 3, digest(b"one"), b"facts of one")
    monkeypatch.chdir(tmp_path / "two")
    assert asked(folder, Found("a.py", 10**18, 3)) is None


def test_a_name_that_is_no_utf8_is_remembered(folder: Path, tmp_path: Path) -> None:
    file = written(Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.py")), b"x = 1\n")
    store(folder, file, b"facts")
    assert asked(folder, file) == b"facts"


def test_another_extractor_does_not_see_the_facts(folder: Path, file: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    store(folder, file, b"facts")
    monkeypatch.setattr(cache_module, "extractor_key", lambda: bytes(16))
    assert asked(folder, file) is None


def test_the_extractor_key_is_the_same_each_time() -> None:
    assert extractor_key() == extractor_key() != None  # noqa: E711  # a chain


def test_a_package_that_is_not_there_changes_no_program_key() -> None:
    assert program_key(("conclint",)) == program_key(("conclint", "conclint_no_such_package"))


def test_many_runs_that_change_one_file_leave_few_segments(folder: Path, tmp_path: Path) -> None:
    for number in range(60):
        store(folder, written(tmp_path / "a.py", b"%d" % number), b"facts %d" % number)
    assert len(list(folder.glob("*.pack"))) <= 60
    with Cache(folder) as cache:
        segments = {record.segment for record in cache._pack.index.records.values()} if cache._pack else set()
    assert len(segments) <= 2 * cache_pack._MANY


def test_nothing_is_lost_when_segments_are_merged(folder: Path, tmp_path: Path) -> None:
    files = [written(tmp_path / f"{number}.py", b"%d" % number) for number in range(40)]
    for file in files:
        store(folder, file, b"facts of " + name(file))
    assert [asked(folder, file) for file in files] == [b"facts of " + name(file) for file in files]


def test_the_oldest_records_make_room(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "KEEP_BYTES", 10_000)
    for number in range(30):
        store(folder, written(tmp_path / f"{number}.py", b"%d" % number), bytes(1000))
    with Cache(folder) as cache:
        assert cache._pack is not None
        assert sum(record.length for record in cache._pack.index.records.values()) <= 10_000


def test_a_record_that_nobody_has_used_for_long_is_dropped(
    folder: Path, file: Found, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - 90 * 86400)
    store(folder, file, b"facts")
    monkeypatch.setattr(time, "time", lambda: now)
    store(folder, written(tmp_path / "b.py", b"y"), b"others")
    assert asked(folder, file) is None


# Several processes ----------------------------------------------------------------------------------------------------


def test_of_two_processes_at_once_neither_loses_its_facts(folder: Path, tmp_path: Path) -> None:
    one, two = written(tmp_path / "1.py", b"1"), written(tmp_path / "2.py", b"2")
    with Cache(folder) as first, Cache(folder) as second:
        first.store(*one, name(one), b"facts 1")
        second.store(*two, name(two), b"facts 2")
    assert (asked(folder, one), asked(folder, two)) == (b"facts 1", b"facts 2")


def test_a_cache_that_is_cleared_meanwhile_is_an_empty_one(folder: Path, file: Found) -> None:
    store(folder, file, b"facts")
    with Cache(folder) as cache:
        clear(folder)
        assert cache.facts_for(*file) is None
        assert cache.warning == ""


def test_a_cache_that_is_cleared_meanwhile_can_be_written(folder: Path, file: Found) -> None:
    store(folder, file, b"facts")
    with Cache(folder) as cache:
        clear(folder)
        cache.store(*file, name(file), b"new facts")
    assert asked(folder, file) == b"new facts"


# Damage ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pattern", ["*.index", "*.pack"])
@pytest.mark.parametrize("damage", [b"", b"\0" * 50, b"\xdd\xff\xff\xff\xff" * 10, b"\x91" * 100_000])
def test_a_damaged_file_is_no_cache(folder: Path, file: Found, pattern: str, damage: bytes) -> None:
    store(folder, file, b"facts")
    only(folder, pattern).write_bytes(damage)
    assert asked(folder, file) is None


@pytest.mark.parametrize("pattern", ["*.index", "*.pack"])
def test_a_damaged_file_is_written_anew(folder: Path, file: Found, pattern: str) -> None:
    store(folder, file, b"facts")
    only(folder, pattern).write_bytes(b"rubbish")
    store(folder, file, b"facts")
    assert asked(folder, file) == b"facts"


def test_every_truncation_of_the_index_is_no_cache(folder: Path, file: Found) -> None:
    store(folder, file, b"facts")
    path = only(folder, "*.index")
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert asked(folder, file) is None


@pytest.mark.parametrize(
    "change",
    [
        {"offset": 1},
        {"offset": -1},
        {"offset": 2**62},
        {"offset": 2**64 - 1},
        {"length": 2**40},
        {"length": -5},
        {"length": 0},
        {"segment": "../../../etc/passwd"},
        {"segment": "/etc/passwd"},
        {"segment": "a\0b"},
    ],
)
def test_an_index_that_lies_about_a_record_gives_none(folder: Path, file: Found, change: dict[str, Any]) -> None:
    store(folder, file, b"facts")
    path = only(folder, "*.index")
    index = msgspec.msgpack.decode(path.read_bytes()[4:], type=cache_pack.Index)
    (key, record), *_ = index.records.items()
    index.records[key] = msgspec.structs.replace(record, **change)
    data = msgspec.msgpack.encode(index)
    path.write_bytes(zlib.crc32(data).to_bytes(4, "big") + data)
    assert asked(folder, file) is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_pipe_in_place_of_a_file_is_not_waited_for(folder: Path, file: Found) -> None:
    store(folder, file, b"facts")
    for path in (only(folder, "*.index"), only(folder, "*.pack")):
        path.unlink()
        os.mkfifo(path)
    assert asked(folder, file) is None


def test_a_folder_in_place_of_a_file_is_a_warning(folder: Path, file: Found) -> None:
    store(folder, file, b"facts")
    path = only(folder, "*.index")
    path.unlink()
    path.mkdir()
    with Cache(folder) as cache:
        cache.store(*file, name(file), b"facts")
    assert "nothing is cached" in cache.warning


def test_a_file_in_place_of_the_folder_is_a_warning(tmp_path: Path, file: Found) -> None:
    (tmp_path / "cache").write_text("")
    with Cache(tmp_path / "cache") as cache:
        cache.store(*file, name(file), b"facts")
    assert str(tmp_path / "cache") in cache.warning


def test_a_folder_that_cannot_be_written_is_still_read(
    folder: Path, file: Found, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    store(folder, file, b"facts")
    monkeypatch.setattr(cache_pack, "open", refuse, raising=False)
    with Cache(folder) as cache:
        cache.store(*written(tmp_path / "b.py", b"y"), digest(b"y"), b"more")
        assert cache.facts_for(*file) == b"facts"
    assert "Permission denied" in cache.warning


def test_a_cache_that_is_only_read_makes_no_folder(folder: Path, file: Found) -> None:
    asked(folder, file)
    assert not folder.exists()


def test_a_full_disk_is_a_warning(folder: Path, file: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with Cache(folder) as cache:
        cache.store(*file, name(file), b"facts")
        monkeypatch.setattr(os, "replace", refuse)
    assert "No space left on device" in cache.warning


def test_a_full_disk_leaves_the_old_cache(
    folder: Path, file: Found, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    store(folder, file, b"facts")
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse)
        store(folder, written(tmp_path / "b.py", b"y"), b"more")
    assert asked(folder, file) == b"facts"


def test_a_full_disk_leaves_no_half_files(folder: Path, file: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    store(folder, file, b"facts")
    assert list(folder.glob("*.tmp")) == []


def test_a_program_that_is_not_made_of_files_has_no_cache(
    folder: Path, file: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_module, "extractor_key", lambda: None)
    store(folder, file, b"facts")
    assert not folder.exists()


# Results of whole runs ------------------------------------------------------------------------------------------------


def memo_key(cache: Cache, *files: Found, settings: bytes = b"settings") -> MemoKey:
    key = cache.memo_key(settings, files)
    assert key is not None
    return key


def test_a_result_is_found_when_nothing_has_changed(folder: Path, file: Found) -> None:
    with Cache(folder) as cache:
        cache.save_memo(memo_key(cache, file), b"result")
    with Cache(folder) as cache:
        assert cache.load_memo(memo_key(cache, file)) == b"result"


def test_a_result_of_other_settings_is_not_found(folder: Path, file: Found) -> None:
    with Cache(folder) as cache:
        cache.save_memo(memo_key(cache, file), b"result")
        assert cache.load_memo(memo_key(cache, file, settings=b"others")) is None


@pytest.mark.parametrize("change", [{"mtime_ns": 1}, {"size": 1}, {"path": "other.py"}])
def test_a_result_of_other_files_is_not_found(folder: Path, file: Found, change: dict[str, Any]) -> None:
    with Cache(folder) as cache:
        cache.save_memo(memo_key(cache, file), b"result")
        assert cache.load_memo(memo_key(cache, file._replace(**change))) is None


def test_a_result_with_one_file_less_is_not_found(folder: Path, file: Found, tmp_path: Path) -> None:
    other = written(tmp_path / "b.py", b"y")
    with Cache(folder) as cache:
        cache.save_memo(memo_key(cache, file, other), b"result")
        assert cache.load_memo(memo_key(cache, file)) is None


def test_a_result_in_another_working_folder_is_not_found(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Cache(folder) as cache:
        cache.save_memo(memo_key(cache, Found("a.py", 1, 1)), b"result")
    monkeypatch.chdir(tmp_path)
    with Cache(folder) as cache:
        assert cache.load_memo(memo_key(cache, Found("a.py", 1, 1))) is None


def test_a_result_with_a_young_file_is_found_while_its_contents_are_the_same(folder: Path, tmp_path: Path) -> None:
    young = written(tmp_path / "a.py", b"x = 1\n", age_ns=0)
    with Cache(folder) as cache:
        key = memo_key(cache, young)
        cache.store(*young, name(young), b"facts")
        cache.save_memo(key, b"result")
        assert cache.load_memo(key) == b"result"


def test_a_result_with_a_young_file_is_not_found_when_its_contents_have_changed_within_its_time(
    folder: Path, tmp_path: Path
) -> None:
    young = written(tmp_path / "a.py", b"x = 1\n", age_ns=0)
    with Cache(folder) as cache:
        key = memo_key(cache, young)
        cache.store(*young, name(young), b"facts")
        cache.save_memo(key, b"result")
        Path(young.path).write_bytes(b"x = 2\n")
        os.utime(young.path, ns=(young.mtime_ns, young.mtime_ns))
        assert cache.load_memo(key) is None


def test_a_result_with_a_young_file_that_was_not_read_is_not_saved(folder: Path, tmp_path: Path) -> None:
    young = written(tmp_path / "a.py", b"x = 1\n", age_ns=0)
    with Cache(folder) as cache:
        key = memo_key(cache, young)
        cache.save_memo(key, b"result")
        assert cache.load_memo(key) is None


def test_a_result_with_a_file_that_was_young_when_it_was_read_is_checked_by_its_contents(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    young = written(tmp_path / "a.py", b"x = 1\n", age_ns=0)
    store(folder, young, b"facts")
    later = time.time_ns() + 2 * RACY_NS
    monkeypatch.setattr(time, "time_ns", lambda: later)
    with Cache(folder) as cache:
        key = memo_key(cache, young)
        cache.save_memo(key, b"result")
        Path(young.path).write_bytes(b"x = 2\n")
        assert cache.load_memo(key) is None


def test_finding_a_result_does_not_read_the_facts(folder: Path, file: Found) -> None:
    with Cache(folder) as cache:
        cache.save_memo(memo_key(cache, file), b"result")
    with Cache(folder) as cache:
        cache.load_memo(memo_key(cache, file))
        assert "_pack" not in vars(cache)


def test_a_young_file_is_not_read_again_when_it_has_grown_old(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    young = written(tmp_path / "a.py", b"x = 1\n", age_ns=0)
    with Cache(folder) as cache:
        key = memo_key(cache, young)
        cache.store(*young, name(young), b"facts")
        cache.save_memo(key, b"result")
        later = time.time_ns() + 2 * RACY_NS
        monkeypatch.setattr(time, "time_ns", lambda: later)
        cache.load_memo(memo_key(cache, young))
        Path(young.path).unlink()
        assert cache.load_memo(memo_key(cache, young)) == b"result"


@pytest.mark.parametrize("damage", [b"", b"1234", b"\0" * 50, b"\xdd\xff\xff\xff\xff" * 10])
def test_a_damaged_result_is_none(folder: Path, file: Found, damage: bytes) -> None:
    with Cache(folder) as cache:
        key = memo_key(cache, file)
        cache.save_memo(key, b"result")
        only(folder, "memo-*").write_bytes(damage)
        assert cache.load_memo(key) is None


def test_a_result_of_the_wrong_shape_is_none(folder: Path, file: Found) -> None:
    with Cache(folder) as cache:
        key = memo_key(cache, file)
        cache.save_memo(key, b"result")
        data = msgspec.msgpack.encode([key.state, "not pairs", b"result"])
        only(folder, "memo-*").write_bytes(zlib.crc32(data).to_bytes(4, "big") + data)
        assert cache.load_memo(key) is None


def test_only_so_many_results_are_kept(folder: Path, file: Found) -> None:
    with Cache(folder) as cache:
        for number in range(40):
            cache.save_memo(memo_key(cache, file, settings=b"%d" % number), b"result")
    assert len(list(folder.glob("memo-*"))) == 16


# The folder -----------------------------------------------------------------------------------------------------------


def test_git_and_backups_pass_the_folder_over(folder: Path, file: Found) -> None:
    store(folder, file, b"facts")
    assert (folder / ".gitignore").read_text() == "*\n"
    assert (folder / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55")


def test_clearing_removes_the_folder(folder: Path, file: Found) -> None:
    store(folder, file, b"facts")
    with Cache(folder) as cache:
        cache.save_memo(memo_key(cache, file), b"result")
    clear(folder)
    assert not folder.exists()


def test_clearing_leaves_what_is_not_ours(folder: Path, file: Found) -> None:
    store(folder, file, b"facts")
    others = {"notes.txt", "facts-.pack", "a.tmp", "memo-x"}
    for other in others:
        (folder / other).write_text("mine")
    clear(folder)
    assert {path.name for path in folder.iterdir()} == others


def test_clearing_leaves_a_gitignore_that_somebody_has_written(folder: Path, file: Found) -> None:
    folder.mkdir()
    (folder / ".gitignore").write_text("*.log\n")
    store(folder, file, b"facts")
    clear(folder)
    assert [path.name for path in folder.iterdir()] == [".gitignore"]


def test_clearing_what_is_not_there_does_nothing(folder: Path) -> None:
    clear(folder)
    assert not folder.exists()
