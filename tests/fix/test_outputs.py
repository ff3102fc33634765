"""What other formats are given of a fix: plain edits and a patch."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conclint.finding import ReplaceExpression, Span
from conclint.fix.applied import TextEdit, text_edits
from conclint.fix.diff import unified_diff
from tests.fix.snippets import awaited_sleep, finding, fixed, span


def _edits(source: str) -> tuple[TextEdit, ...]:
    fix = awaited_sleep(source).fix
    assert fix is not None
    return text_edits(source.encode(), fix)


def test_edits_are_as_small_as_words_allow() -> None:
    source = "import asyncio\nasync def f():\n    'é', time.sleep(1)\n"
    assert _edits(source) == (TextEdit(Span(3, 10, 3, 14), "await asyncio"),)


def test_an_added_import_is_an_edit_of_its_own() -> None:
    source = "import time\nasync def f():\n    time.sleep(1)\n"
    assert _edits(source)[0] == TextEdit(Span(1, 0, 1, 0), "import asyncio\n")


def test_a_fix_that_cannot_be_made_has_no_edits() -> None:
    assert _edits("def f():\n    time.sleep(1)\n") == ()


def test_edits_do_what_the_fix_does() -> None:
    source = "import time\r\nasync def f():\r\n    x = time.sleep(\r\n        1,  # é\r\n    ).y\r\n"
    made = awaited_sleep(source, "1", old="time.sleep(\r\n        1,  # é\r\n    )")
    assert made.fix is not None
    lines = source.encode().splitlines(keepends=True)
    data = source.encode()
    for edit in reversed(text_edits(data, made.fix)):
        start = sum(map(len, lines[: edit.span.row - 1])) + edit.span.column
        end = sum(map(len, lines[: edit.span.end_row - 1])) + edit.span.end_column
        data = data[:start] + edit.content.encode() + data[end:]
    assert data == fixed(source, made)


def test_a_patch_keeps_carriage_returns_and_says_where_a_newline_is_missing() -> None:
    assert unified_diff("a.py", b"a\r\nb", b"a\r\nc\n") == (
        "--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,2 @@\n a\r\n-b\n\\ No newline at end of file\n+c\n"
    )


def test_no_change_is_no_patch() -> None:
    assert unified_diff("a.py", b"a\n", b"a\n") == ""


@pytest.mark.parametrize("old", [b"a\r\nb\rc\x0c\n\xef\xbb\xbf", b"", b"a\n\n\nb"])
@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_git_applies_the_patch(tmp_path: Path, old: bytes) -> None:
    new = b"x\r\n" + old.replace(b"b", b"\xc3\xa9") + b"\nend"
    (tmp_path / "a.py").write_bytes(old)
    patch = unified_diff("a.py", old, new).encode()
    command = ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "-"]
    subprocess.run(command, input=patch, cwd=tmp_path, check=True)
    assert (tmp_path / "a.py").read_bytes() == new


def test_the_package_does_not_load_libcst_until_it_is_used() -> None:
    code = "import sys, conclint.fix as f; f.write; f.unified_diff; assert 'libcst' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


def test_every_exported_name_is_there() -> None:
    import conclint.fix

    assert all(getattr(conclint.fix, name) is not None for name in conclint.fix.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    import conclint.fix

    with pytest.raises(AttributeError, match="nothing"):
        conclint.fix.nothing  # noqa: B018  # the access is what is tested


def test_an_edit_is_not_cut_inside_a_word() -> None:
    source = "x = retried()\n"
    at = span(source, "retried()")
    made = finding(at, ReplaceExpression(at, "rested()"))
    assert made.fix is not None
    assert text_edits(source.encode(), made.fix) == (TextEdit(Span(1, 4, 1, 11), "rested"),)
