from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from conclint.contents import Contents
from conclint.finding import Applicability, Finding, Fix, Place, Severity, Span
from conclint.report import Report, render
from conclint.report.frame import frame, width
from tests.handmade import finding

CALLER = b"""import client


async def handler(session):
    return client.fetch(session)
"""
CLIENT = b"""def fetch(session):
    return session.get("http://example.org")
"""
FILES = {"app.py": CALLER, "client.py": CLIENT}
FOUND = Finding(
    code="CON102",
    name="blocking-network",
    message="`session.get` waits for the network on the event loop: every task of this loop waits with it",
    place=Place("app.py", Span(5, 11, 5, 32)),
    severity=Severity.ERROR,
    confidence=finding().confidence,
    root="handler",
    help="hand the call to a thread",
    fix=Fix(Applicability.UNSAFE, "run `client.fetch` in a thread", ()),
    related=finding(
        related=[("app.py", 5, "`handler` calls `fetch`"), ("client.py", 2, "`session.get` waits here")]
    ).related,
)


def _lines(*findings: Finding, files: Mapping[str, bytes] = FILES, **more: Any) -> list[str]:
    return "".join(render("full", Report(findings, Contents(files), root=Path.cwd(), **more))).splitlines()


def test_a_finding_is_shown_with_its_line_its_path_and_what_helps() -> None:
    steps = (
        FOUND.related[0]._replace(place=FOUND.place),
        FOUND.related[1]._replace(place=Place("client.py", Span(2, 11, 2, 44))),
    )
    shown = "\n".join(_lines(_with(FOUND, related=steps)))
    assert shown == (
        "error[CON102]: `session.get` waits for the network on the event loop: every task of this loop waits with it\n"
        " --> app.py:5:12 in `handler`\n"
        "  |\n"
        "5 |     return client.fetch(session)\n"
        "  |            ^^^^^^^^^^^^^^^^^^^^^ `handler` calls `fetch`\n"
        " ::: client.py:2:12\n"
        '2 |     return session.get("http://example.org")\n'
        "  |            --------------------------------- `session.get` waits here\n"
        "  |\n"
        "  = help: hand the call to a thread\n"
        "  = fix: run `client.fetch` in a thread (`--unsafe-fixes` applies it)\n"
    )


def _with(found: Finding, **changes: Any) -> Finding:
    import msgspec

    return msgspec.structs.replace(found, **changes)


def test_each_step_of_the_path_has_file_line_and_source() -> None:
    lines = _lines(FOUND)
    assert [line for line in lines if ":::" in line] == [" ::: app.py:5:1", " ::: client.py:2:1"]


def test_line_numbers_of_different_width_share_one_gutter() -> None:
    files = {"a.py": b"x\n" * 120}
    lines = _lines(finding("a.py", 7, related=[("a.py", 112, "there")]), files=files)
    assert [line for line in lines if re.match(r" *\d+ \|", line)] == ["  7 | x", "112 | x"]


@pytest.mark.parametrize(
    ("line", "start", "length", "marks"),
    [
        ("\tslow()", 1, 6, "    ^^^^^^"),
        ("x\tslow()", 2, 6, "    ^^^^^^"),
        ("'你好'; slow()", 8, 6, "        ^^^^^^"),
        ("'e\u0301'; slow()", 6, 6, "     ^^^^^^"),
        ("'👍'; slow()", 6, 6, "      ^^^^^^"),
        ("'你好'", 0, 8, "^^^^^^"),
    ],
)
def test_the_underline_stands_below_what_it_marks(line: str, start: int, length: int, marks: str) -> None:
    column = len(line[: _index(line, start)].encode())
    size = len(line.encode()) if start == 0 else length
    lines = _lines(finding("a.py", 1, column, length=size), files={"a.py": line.encode()})
    assert lines[4].removeprefix("  | ") == marks


def _index(line: str, column: int) -> int:
    return line.index("slow") if "slow" in line else column


def test_a_long_line_is_cut_around_the_finding() -> None:
    line = f"x = [{'1, ' * 200}slow(), {'2, ' * 200}]".encode()
    start = line.index(b"slow")
    lines = _lines(finding("a.py", 1, start, length=6), files={"a.py": line}, width=80)
    marked = lines[3][4:][lines[4][4:].index("^") :]
    assert marked.startswith("slow()")
    assert [text for text in lines if width(text) > 80 and not text.startswith("error")] == []


def test_what_is_cut_is_marked_in_ascii_where_nothing_else_can_be_shown() -> None:
    line = b"slow() " + b"x" * 300
    lines = _lines(finding("a.py", 1, 0, length=6), files={"a.py": line}, width=60, plain=True)
    assert lines[3].endswith("...")


def test_a_finding_of_several_lines_is_underlined_to_the_end_of_the_first() -> None:
    spread = Finding("CON101", "x", "m", Place("a.py", Span(1, 0, 3, 1)), Severity.ERROR, finding().confidence)
    lines = _lines(spread, files={"a.py": b"slow(\n  1,\n)\n"})
    assert lines[4] == "  | ^^^^^"


def test_an_empty_span_is_marked_by_one_caret() -> None:
    assert _lines(finding("a.py", 1, 2, length=0), files={"a.py": b"abc\n"})[4] == "  |   ^"


def test_a_span_past_the_end_of_the_line_is_marked_behind_it() -> None:
    assert _lines(finding("a.py", 1, 90, length=5), files={"a.py": b"abc\n"})[4] == "  |    ^"


def test_a_finding_in_an_empty_line_has_no_frame() -> None:
    assert _lines(finding("a.py", 1), files={"a.py": b""})[2:] == [""]


def test_what_would_command_the_terminal_is_made_visible() -> None:
    lines = _lines(finding("a.py", 1), files={"a.py": b"x = '\x1b[31m\x07'\n"})
    assert "\x1b" not in "".join(lines)


@pytest.mark.parametrize("name", ["full", "concise"])
def test_the_name_of_a_file_cannot_command_the_terminal(name: str) -> None:
    found = finding("a\x1b[2J\n.py", message="`\x07`")
    text = "".join(render(name, Report((found,), Contents({}), root=Path.cwd())))
    assert "\x1b" not in text
    assert "\x07" not in text


def test_what_would_reorder_the_line_is_made_visible() -> None:
    lines = _lines(finding("a.py", 1), files={"a.py": "x = '\u202eabc'\n".encode()})
    assert "\u202e" not in "".join(lines)


def test_a_long_label_goes_below_its_marks() -> None:
    label = "this is why " * 10
    lines = _lines(finding("app.py", 5, 11, length=6, related=[("client.py", 2, label)]), width=70)
    below = lines[lines.index("  | -----") + 1 :]
    assert [part.removeprefix("  | ") for part in below[:2]] == [
        "this is why this is why this is why this is why this is why this",
        "is why this is why this is why this is why this is why",
    ]


def test_what_stands_in_backticks_is_not_broken() -> None:
    lines = _lines(finding("app.py", 5, related=()), width=60)
    helped = _lines(_with(FOUND, help="x" * 20 + " write `await asyncio.to_thread(client.fetch)` there"), width=60)
    assert any("`await asyncio.to_thread(client.fetch)`" in line for line in helped)
    assert len(lines) > 3


def test_the_other_places_are_counted_and_some_are_named() -> None:
    lines = _lines(_with(FOUND, also=tuple(Place("m.py", Span(row, 0, row, 1)) for row in range(1, 6))))
    assert "  = also: reached from 5 more places: m.py:1, m.py:2, m.py:3 and 2 more; `--all-places` shows each" in lines


def test_without_colour_there_are_no_escapes() -> None:
    assert "\x1b" not in "".join(_lines(FOUND))


def test_with_colour_the_text_is_the_same() -> None:
    coloured = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(_lines(FOUND, colour=True)))
    assert coloured == "\n".join(_lines(FOUND))


def test_a_severity_is_said_in_words() -> None:
    assert _lines(finding(severity=Severity.NOTE))[0].startswith("note[CON101]: ")


@pytest.mark.parametrize("room", range(20, 60))
def test_a_frame_never_takes_more_room_than_there_is(room: int) -> None:
    line = "    value = compute('你好', other) + slow(argument, second) + more_of_it_all()"
    shown = frame(line, line.index("slow"), line.index(" + more"), room)
    assert width(shown.text) <= room
    assert shown.offset + shown.length <= room


def test_files_in_other_encodings_are_shown() -> None:
    files = {"a.py": "# coding: latin-1\nx = 'ä'; slow()\n".encode("latin-1")}
    lines = _lines(finding("a.py", 2, 10, length=6), files=files)
    assert lines[3:5] == ["2 | x = 'ä'; slow()", "  |          ^^^^^^"]
