"""A call that leads to several primitives is one thing to mend, and is shown once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import conclint

Rows = Callable[..., list[tuple[int, int]]]
SOURCE = """\
import time


def backs_off():
    time.sleep(1){first}
    time.sleep(2){second}


async def serves():
    backs_off()
"""


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rows:
    monkeypatch.chdir(tmp_path)

    def lint(first: str = "", second: str = "") -> list[tuple[int, int]]:
        (tmp_path / "app.py").write_text(SOURCE.format(first=first, second=second))
        found = conclint.lint(".")
        return [(each.place.span.row, each.related[-1].place.span.row) for each in found if each.code == "CON101"]

    return lint


def test_the_nearest_primitive_is_shown(rows: Rows) -> None:
    assert rows() == [(10, 5)]


def test_a_comment_at_one_primitive_leaves_the_other(rows: Rows) -> None:
    assert rows(first="  # conclint: ignore[CON101] once") == [(10, 6)]


def test_comments_at_both_silence_the_place(rows: Rows) -> None:
    comment = "  # conclint: ignore[CON101] once"
    assert rows(first=comment, second=comment) == []
