from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from conclint.config import DEFAULT_EXCLUDE, Settings
from conclint.discovery import NoSuchPathError, discover

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs links and pipes")


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _write(*paths: str) -> None:
    for path in paths:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text("x = 1\n", encoding="utf-8")


def _found(paths: Sequence[str] = (".",), **settings: object) -> list[str]:
    chosen = Settings(Path.cwd(), **settings)  # type: ignore[arg-type]  # a test says which
    return [file.path.replace(os.sep, "/") for file in discover(paths, chosen).files]


def test_python_files_are_found_in_the_order_of_their_paths() -> None:
    _write("b.py", "a/z.py", "a/b/c.pyw", "c.txt", "d.pyi", "e.pyc", "f")
    assert _found() == ["a/b/c.pyw", "a/z.py", "b.py"]


def test_a_named_folder_is_part_of_the_paths() -> None:
    _write("a/x.py", "b.py")
    assert _found(["a"]) == ["a/x.py"]


def test_absolute_paths_below_the_working_folder_become_relative() -> None:
    _write("a/x.py")
    assert _found([os.path.abspath("a")]) == ["a/x.py"]


def test_paths_outside_of_the_working_folder_stay_as_they_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    _write("a/x.py", "b/y.py")
    monkeypatch.chdir("b")
    assert _found(["../a"]) == ["../a/x.py"]


def test_a_path_named_twice_is_found_once() -> None:
    _write("a/x.py")
    assert _found(["a", "a/x.py", "./a/../a/x.py", "."]) == ["a/x.py"]


def test_a_named_file_is_taken_whatever_its_suffix() -> None:
    _write("script")
    assert _found(["script"]) == ["script"]


def test_a_path_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(NoSuchPathError, match="absent"):
        _found(["absent"])


@pytest.mark.parametrize("folder", [".venv", "node_modules", "__pycache__", "build", "site-packages", ".git"])
def test_folders_that_hold_other_peoples_code_are_left_out(folder: str) -> None:
    _write(f"{folder}/x.py", f"a/{folder}/x.py", "a/y.py")
    assert _found() == ["a/y.py"]


def test_a_folder_that_is_left_out_is_walked_when_it_is_named() -> None:
    _write("build/x.py", "build/lib/y.py", "build/.venv/z.py")
    assert _found(["build"]) == ["build/lib/y.py", "build/x.py"]


def test_excludes_by_name_hold_at_any_depth() -> None:
    _write("a/skip/x.py", "skip/y.py", "skip.py", "b.py")
    assert _found(exclude=("skip",)) == ["b.py", "skip.py"]


def test_excludes_with_a_slash_are_relative_to_the_root() -> None:
    _write("a/b/x.py", "c/a/b/y.py")
    assert _found(extend_exclude=("a/b",)) == ["c/a/b/y.py"]


def test_excludes_may_have_wildcards() -> None:
    _write("a_pb2.py", "b/c_pb2.py", "b/d.py")
    assert _found(extend_exclude=("*_pb2.py",)) == ["b/d.py"]


def test_other_excludes_still_hold_in_a_named_folder_that_is_excluded() -> None:
    _write("gen/x.py", "gen/y_pb2.py")
    assert _found(["gen"], extend_exclude=("gen/", "*_pb2.py")) == ["gen/x.py"]


def test_a_named_file_is_taken_though_it_is_excluded() -> None:
    _write("gen/x.py")
    assert _found(["gen/x.py"], exclude=("gen",)) == ["gen/x.py"]


@pytest.mark.parametrize("pattern", ["gen", "gen/x.py", "gen/", "x.py", "*.py"])
def test_force_exclude_leaves_out_named_files_too(pattern: str) -> None:
    _write("gen/x.py")
    assert _found(["gen/x.py"], exclude=(pattern,), force_exclude=True) == []


def test_what_git_ignores_is_left_out() -> None:
    _write("a.py", "out/b.py", "c/out/d.py", "c/e.py")
    Path(".gitignore").write_text("out/\n", encoding="utf-8")
    assert _found() == ["a.py", "c/e.py"]


def test_a_nested_gitignore_speaks_for_its_folder() -> None:
    _write("x.py", "a/x.py", "a/b/x.py")
    Path("a/.gitignore").write_text("/x.py\n", encoding="utf-8")
    assert _found() == ["a/b/x.py", "x.py"]


def test_a_nested_gitignore_can_take_back_what_an_outer_one_says() -> None:
    _write("a/keep.py", "b/keep.py")
    Path(".gitignore").write_text("keep.py\n", encoding="utf-8")
    Path("a/.gitignore").write_text("!keep.py\n", encoding="utf-8")
    assert _found() == ["a/keep.py"]


def test_the_gitignore_above_a_named_folder_counts_inside_of_a_repository() -> None:
    _write("a/x.py", "a/skip.py")
    Path(".git").mkdir()
    Path(".gitignore").write_text("skip.py\n", encoding="utf-8")
    assert _found(["a"]) == ["a/x.py"]


def test_a_path_of_an_outer_gitignore_is_relative_to_its_own_folder() -> None:
    _write("a/b/x.py", "a/c/x.py")
    Path(".git").mkdir()
    Path(".gitignore").write_text("a/b/x.py\n", encoding="utf-8")
    assert _found(["a"]) == ["a/c/x.py"]


def test_the_exclude_file_of_the_repository_counts() -> None:
    _write("x.py", "local.py")
    Path(".git/info").mkdir(parents=True)
    Path(".git/info/exclude").write_text("local.py\n", encoding="utf-8")
    assert _found() == ["x.py"]


def test_a_named_folder_is_walked_though_git_ignores_it() -> None:
    _write("out/x.py", "out/deep/y.py")
    Path(".git").mkdir()
    Path(".gitignore").write_text("out/\n", encoding="utf-8")
    assert _found(["out"]) == ["out/deep/y.py", "out/x.py"]


def test_gitignore_can_be_left_unread() -> None:
    _write("x.py")
    Path(".gitignore").write_text("x.py\n", encoding="utf-8")
    assert _found(respect_gitignore=False) == ["x.py"]


def test_a_gitignore_that_is_no_text_does_not_end_the_walk() -> None:
    _write("x.py")
    Path(".gitignore").write_bytes(b"\xff\xfe\x00[\n!\n")
    assert _found() == ["x.py"]


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("**/b/x.py", ["a/c/x.py"]),
        ("a/**/x.py", []),
        ("x.py/", ["a/b/x.py", "a/c/x.py"]),
        ("/b", ["a/b/x.py", "a/c/x.py"]),
        ("b", ["a/c/x.py"]),
        ("?", []),
        ("[b]", ["a/c/x.py"]),
        ("*\n!*/\n!/a/c/x.py", ["a/c/x.py"]),
        ("a/**\n!/a/c", []),
        ("/a/*\n!/a/c", ["a/c/x.py"]),
        ("x.py\n!/**", ["a/b/x.py", "a/c/x.py"]),
        ("x.py\n!c/", []),
        ("/**/**/*.py", []),
        ("\\b", ["a/c/x.py"]),
        ("[[:alpha:]].py", []),
        ("[!b]", []),
        ("b  ", ["a/c/x.py"]),
        ("#b", ["a/b/x.py", "a/c/x.py"]),
        ("[", ["a/b/x.py", "a/c/x.py"]),
    ],
)
def test_patterns_mean_what_they_mean_to_git(pattern: str, left: list[str]) -> None:
    _write("a/b/x.py", "a/c/x.py")
    Path(".gitignore").write_text(f"{pattern}\n", encoding="utf-8")
    assert _found() == left


@posix
def test_a_loop_of_links_is_not_followed() -> None:
    _write("a/x.py")
    Path("a/loop").symlink_to("..", target_is_directory=True)
    assert _found() == ["a/x.py"]


@posix
def test_a_link_to_a_file_of_the_run_is_not_a_second_file() -> None:
    _write("b.py")
    Path("a.py").symlink_to("b.py")
    assert _found() == ["b.py"]


@posix
def test_a_link_to_a_file_elsewhere_is_a_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "x.py"
    elsewhere.write_text("", encoding="utf-8")
    Path("a.py").symlink_to(elsewhere)
    assert _found() == ["a.py"]


@posix
def test_a_link_to_nowhere_is_passed_over() -> None:
    Path("a.py").symlink_to("absent")
    assert _found() == []


@posix
def test_a_link_that_is_named_is_walked() -> None:
    _write("a/x.py")
    Path("b").symlink_to("a", target_is_directory=True)
    assert _found(["b"]) == ["b/x.py"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_with_the_name_of_a_module_is_passed_over() -> None:
    os.mkfifo("x.py")
    assert _found() == []


def test_a_folder_with_the_name_of_a_module_is_walked() -> None:
    _write("x.py/y.py")
    assert _found() == ["x.py/y.py"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="everything is readable to root")
def test_a_folder_that_may_not_be_read_is_told() -> None:
    _write("a/x.py", "b/y.py")
    Path("a").chmod(0)
    try:
        found = discover(["."], Settings(Path.cwd()))
    finally:
        Path("a").chmod(0o755)
    assert ([file.path for file in found.files], [path for path, _ in found.problems]) == (["b/y.py"], ["a"])


def test_a_folder_that_cannot_be_listed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    _write("a/x.py", "b/y.py")
    listed = os.scandir

    def refuse(path: str) -> object:
        if os.path.basename(path) == "a":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr("conclint.discovery.os.scandir", refuse)
    assert discover(["."], Settings(Path.cwd())).problems == (("a", "Permission denied"),)


def test_the_time_and_size_of_a_file_come_with_it() -> None:
    _write("a.py")
    (file,) = discover(["."], Settings(Path.cwd())).files
    status = os.stat("a.py")
    assert (file.mtime_ns, file.size) == (status.st_mtime_ns, status.st_size)


@pytest.mark.parametrize(
    ("paths", "partial"),
    [(["."], False), (["a"], False), (["a/x.py"], True), (["a/x.py", "a/y.py"], False), (["alone/z.py"], False)],
)
def test_a_named_file_among_others_makes_a_run_partial(paths: list[str], partial: bool) -> None:
    _write("a/x.py", "a/y.py", "alone/z.py", "alone/data.txt")
    assert discover(paths, Settings(Path.cwd())).partial == partial


def test_every_default_exclude_is_a_plain_name() -> None:
    assert [name for name in DEFAULT_EXCLUDE if set(name) & set("/*?[!")] == []
