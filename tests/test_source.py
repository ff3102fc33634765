"""Claims about reading files: bytes, encodings, newlines, columns."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from conclint import source as source_module
from conclint.source import Source, Unreadable, decode, digest, read, read_regular


def decoded(data: bytes) -> Source:
    found = decode("a.py", data)
    assert isinstance(found, Source), found
    return found


def refused(data: bytes) -> str:
    found = decode("a.py", data)
    assert isinstance(found, Unreadable), found
    return found.reason


def test_a_file_without_a_word_about_it_is_utf8() -> None:
    assert decoded("x = 'é'\n".encode()).text == "x = 'é'\n"


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    found = decoded(b"\xef\xbb\xbfx = 1\n")
    assert (found.text, found.bom) == ("x = 1\n", True)


@pytest.mark.parametrize(
    "comment",
    [
        "# coding: latin-1\n",
        "#!/usr/bin/python\n# -*- coding: latin-1 -*-\n",
        " \t# vim: set fileencoding=latin-1 :\n",
        "# coding=ISO-8859-1\n",
    ],
)
def test_a_declared_encoding_is_used(comment: str) -> None:
    assert decoded(comment.encode() + b"x = '\xe9'\n").text.endswith("x = 'é'\n")


@pytest.mark.parametrize("before", ["x = 1\n", "\n\n", '"""a\n'])
def test_an_encoding_that_is_declared_too_late_is_not_used(before: str) -> None:
    assert decoded(before.encode() + "# coding: latin-1\ny = 'é'\n".encode()).encoding == "utf-8"


def test_an_unknown_encoding_is_told() -> None:
    assert refused(b"# coding: uft-8\n") == "unknown encoding 'uft-8'"


def test_an_encoding_that_is_none_of_text_is_told() -> None:
    assert refused(b"# coding: base64\nx\n") == "'base64' is not a text encoding"


def test_a_byte_order_mark_with_another_encoding_is_told() -> None:
    assert "byte order mark" in refused(b"\xef\xbb\xbf# coding: latin-1\n")


def test_bytes_that_are_not_of_the_encoding_are_told() -> None:
    assert refused(b"x = '\xff'\n").startswith("not utf-8")


def test_a_byte_order_mark_of_utf16_is_told() -> None:
    assert refused("x = 1\n".encode("utf-16")).startswith("not utf-8")


@pytest.mark.parametrize(
    ("data", "newline"), [(b"a\nb\r\n", "\n"), (b"a\r\nb\n", "\r\n"), (b"a\rb\n", "\r"), (b"", "\n")]
)
def test_the_newline_is_the_first_one(data: bytes, newline: str) -> None:
    assert decoded(data).newline == newline


def test_lines_end_where_python_ends_them() -> None:
    assert decoded("a\fb\x0bc\x1cd\u2028e\r\nf\rg\n".encode()).lines == ("a\fb\x0bc\x1cd\u2028e", "f", "g", "")


def test_a_row_past_the_end_is_empty() -> None:
    assert decoded(b"a\n").line(9) == ""


def test_columns_in_characters_count_a_wide_character_once() -> None:
    assert decoded("é𝒳 = f()\n".encode()).characters(1, 9) == 5


def test_columns_in_utf16_count_a_wide_character_twice() -> None:
    assert decoded("é𝒳 = f()\n".encode()).utf16(1, 9) == 6


def test_a_column_past_the_end_is_the_end() -> None:
    assert decoded(b"abc\n").characters(1, 99) == 3


def test_the_digest_is_of_the_bytes() -> None:
    assert decoded(b"\xef\xbb\xbfx\n").digest == digest(b"\xef\xbb\xbfx\n") != digest(b"x\n")


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"x = 1\r\n")
    found = read(str(tmp_path / "a.py"))
    assert isinstance(found, Source)
    assert found.data == b"x = 1\r\n"


def test_an_empty_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.py").touch()
    found = read(str(tmp_path / "a.py"))
    assert isinstance(found, Source)
    assert found.lines == ("",)


def test_a_file_that_is_not_there_is_unreadable(tmp_path: Path) -> None:
    assert read(str(tmp_path / "a.py")) == Unreadable(str(tmp_path / "a.py"), "No such file or directory")


def test_a_folder_is_unreadable(tmp_path: Path) -> None:
    assert isinstance(read(str(tmp_path)), Unreadable)


def test_a_name_with_a_null_byte_is_unreadable() -> None:
    assert read("a\0.py") == Unreadable("a\0.py", "its name has a null byte")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.py")
    assert read(str(tmp_path / "a.py")) == Unreadable(str(tmp_path / "a.py"), "not a regular file")


def test_a_huge_file_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "MAX_BYTES", 1024 * 1024)
    with open(tmp_path / "a.py", "wb") as stream:
        stream.truncate(1024 * 1024 + 1)
    assert read(str(tmp_path / "a.py")) == Unreadable(str(tmp_path / "a.py"), "larger than 1 MiB")


def test_a_loop_of_links_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "a.py").symlink_to("b.py")
    (tmp_path / "b.py").symlink_to("a.py")
    assert isinstance(read(str(tmp_path / "a.py")), Unreadable)


def test_contents_over_a_limit_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(10))
    assert (read_regular(str(tmp_path / "a"), 9), read_regular(str(tmp_path / "a"), 10)) == (None, bytes(10))
