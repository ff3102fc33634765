"""What can be told of a text without parsing it: strings, comments, and where logical lines begin and end.

`tokenize` is not used: it gives up on broken files, answers differently from one Python to the next, and takes thirty
times as long.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

# A one-line string ends with its line at the latest, so that a quote too many cannot hide the rest of the file.
LEXEME = re.compile(
    r'(?P<comment>#[^\r\n]*)|"""(?:[^"\\]+|\\[\s\S]|"(?!""))*(?:"""|\\?\Z)'
    r"|'''(?:[^'\\]+|\\[\s\S]|'(?!''))*(?:'''|\\?\Z)"
    r'|"(?:[^"\\\r\n]+|\\(?:\r\n|[\s\S]))*"?'
    r"|'(?:[^'\\\r\n]+|\\(?:\r\n|[\s\S]))*'?"
)
_WITH_LINES = re.compile(LEXEME.pattern + r"|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<newline>\\?(?:\r\n|\r|\n))")
NEWLINE = re.compile(r"\r\n|\r|\n")


class LogicalLine(NamedTuple):
    """A line as the parser counts: first and last row, where its comment begins (-1 for none), and where it ends."""

    first_row: int
    last_row: int
    comment: int
    end: int


def logical_lines(text: str) -> Iterator[LogicalLine]:
    """Split a text as the parser does: newlines in brackets and strings, and after a backslash, do not end a line.

    What follows a bracket that is never closed gives no line: the text is broken, or it has a string in which quotes of
    its own kind stand (PEP 701), and nobody knows where lines end.
    """
    depth = 0
    row = first_row = 1
    comment = -1
    for lexeme in _WITH_LINES.finditer(text):
        kind = lexeme.lastgroup
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth = max(0, depth - 1)
        elif kind == "comment":
            comment = lexeme.start() if depth == 0 else comment
        elif kind == "newline":
            row += 1
            if depth == 0 and not lexeme.group().startswith("\\"):
                yield LogicalLine(first_row, row - 1, comment, lexeme.start())
                first_row, comment = row, -1
        else:
            row += len(NEWLINE.findall(lexeme.group()))
    if not depth:
        yield LogicalLine(first_row, row, comment, len(text))
