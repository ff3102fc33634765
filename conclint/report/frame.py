"""One line of source with a part of it underlined, aligned as terminals show it."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

TAB = 4
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Frame(NamedTuple):
    """The text to show, and where the underline begins and how long it is, in columns of the terminal."""

    text: str
    offset: int
    length: int


def width(text: str) -> int:
    """How many columns a text takes."""
    return sum(_cell(character, 0)[1] for character in text) if not text.isascii() else len(text)


def visible(text: str) -> str:
    """A text of which nothing commands the terminal: names of files, and what messages quote, can hold anything."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_cell(character, 0)[0] if character != "\t" else " " for character in text)


def _cell(character: str, column: int) -> tuple[str, int]:
    """What is shown for a character at a column, and how wide it is."""
    if " " <= character <= "~":
        return character, 1
    if character == "\t":
        size = TAB - column % TAB
        return " " * size, size
    category = unicodedata.category(character)
    if category in ("Cc", "Cs") or character in _BIDI:
        # Shown raw, these would command the terminal or reorder the line: a source line must be able to do neither.
        return (chr(0x2400 + ord(character)) if character < " " else "\N{REPLACEMENT CHARACTER}"), 1
    if category in ("Mn", "Me", "Cf"):
        return character, 0
    return character, 2 if unicodedata.east_asian_width(character) in "WF" else 1


def frame(line: str, start: int, end: int, room: int, *, plain: bool = False) -> Frame:
    """Lay out a line.

    Parameters:
        line: the source line without its newline.
        start: the first underlined character, from 0.
        end: the one after the last.
        room: the columns that there are; of a longer line, the part around `start` is shown.
        plain: whether to mark what is left out in ASCII.
    """
    line = line.rstrip()
    cells: list[tuple[str, int, int]] = []
    column = 0
    for character in line:
        shown, size = _cell(character, column)
        cells.append((shown, size, column))
        column += size
    edges = [cell[2] for cell in cells] + [column]
    first = edges[min(start, len(line))]
    last = max(edges[min(max(end, start), len(line))], first + 1)
    if column <= room:
        return Frame("".join(cell[0] for cell in cells), first, last - first)
    return _window(cells, first, last, room, "..." if plain else "\N{HORIZONTAL ELLIPSIS}")


def _window(cells: list[tuple[str, int, int]], first: int, last: int, room: int, mark: str) -> Frame:
    """The part of a long line from a little before `first` on."""
    total = cells[-1][2] + cells[-1][1]
    left = 0 if last <= room - len(mark) else max(0, min(first - room // 4, total - room + len(mark)))
    before = mark if left else ""
    after = mark if total - left > room - len(before) else ""
    kept = [cell for cell in cells if cell[2] >= left and cell[2] + cell[1] - left <= room - len(before) - len(after)]
    begin = kept[0][2] if kept else left
    text = "".join(cell[0] for cell in kept)
    shift = len(before) - begin
    end = min(last + shift, len(before) + sum(cell[1] for cell in kept))
    return Frame(f"{before}{text}{after}", first + shift, max(1, end - first - shift))
