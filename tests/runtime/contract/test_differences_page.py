"""The page about the engines prints the table of differences as it is."""

from __future__ import annotations

from pathlib import Path

from conclint_runtime.backends.differences_table import as_markdown

_PAGE = Path(__file__).parents[3] / "docs" / "runtime" / "backends.md"


def test_the_page_prints_the_table_of_differences() -> None:
    text = _PAGE.read_text(encoding="utf-8")
    printed = text.partition("<!-- differences -->\n")[2].partition("\n<!-- /differences -->")[0]
    assert printed == as_markdown()
