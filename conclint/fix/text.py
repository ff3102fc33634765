"""The text of a file, between its bytes and the two ways that columns are counted.

`ast` counts columns in UTF-8 bytes, LibCST in characters. Everything in this package works on character offsets
from the beginning of the decoded text; this file is where they come from.
"""

from __future__ import annotations

import bisect
import codecs
import re
from dataclasses import dataclass

from conclint import source
from conclint.finding import Span
from conclint.fix.refusal import RefusalError

_NEWLINE = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class SourceText:
    """A decoded file, addressed by character offsets. `starts` are those at which its lines begin."""

    source: source.Source
    text: str
    starts: tuple[int, ...]

    def encode(self, text: str) -> bytes:
        """The bytes of `text` in this file's encoding, with its byte order mark.

        Raises:
            RefusalError: the encoding has no such character.
        """
        encoding = self.source.encoding
        try:
            return (codecs.BOM_UTF8 if self.source.bom else b"") + text.encode(encoding)
        except UnicodeEncodeError as error:
            letters = text[error.start : error.end]
            raise RefusalError(f"the file's encoding {encoding} cannot write {letters!r}") from error

    def offset(self, row: int, column: int) -> int:
        """The character offset of a row (from 1) and a UTF-8 byte column (from 0).

        Raises:
            RefusalError: there is no such place in this text.
        """
        if not 1 <= row <= len(self.starts):
            raise RefusalError(f"line {row} is not in this file")
        if column > len(self.source.line(row).encode("utf-8", "surrogatepass")):
            raise RefusalError(f"line {row} has no column {column}")
        return self.starts[row - 1] + self.source.characters(row, column)

    def range(self, span: Span) -> tuple[int, int]:
        """The character offsets of a span."""
        return self.offset(span.row, span.column), self.offset(span.end_row, span.end_column)

    def span(self, start: int, end: int) -> Span:
        """The span of a range of character offsets."""
        return Span(*self._place(start), *self._place(end))

    def line_start(self, offset: int) -> int:
        """Where the line of `offset` begins."""
        return self.starts[bisect.bisect_right(self.starts, offset) - 1]

    def line_end(self, offset: int) -> int:
        """Where the line of `offset` ends, before its newline."""
        match = _NEWLINE.search(self.text, offset)
        return match.start() if match else len(self.text)

    def next_line(self, offset: int) -> int:
        """Where the line after that of `offset` begins; the end of the text after the last one."""
        match = _NEWLINE.search(self.text, offset)
        return match.end() if match else len(self.text)

    def newline(self, offset: int) -> str:
        """The newline that text at `offset` is written with: that of its line, else of the nearest line before."""
        index = bisect.bisect_right(self.starts, offset) - 1
        for begin in (index, index - 1):
            if begin >= 0:
                match = _NEWLINE.search(self.text, self.starts[begin])
                if match:
                    return match.group()
        return "\n"

    def _place(self, offset: int) -> tuple[int, int]:
        row = bisect.bisect_right(self.starts, offset)
        before = self.text[self.starts[row - 1] : offset]
        return row, len(before if before.isascii() else before.encode("utf-8"))


def decode(data: bytes) -> SourceText:
    """Read the bytes of a Python file as PEP 263 says.

    Raises:
        RefusalError: the bytes are not text in the encoding they declare, or hold a null byte.
    """
    read = source.decode("", data)
    if isinstance(read, source.Unreadable):
        raise RefusalError(f"the file cannot be decoded: {read.reason}")
    if "\0" in read.text:
        raise RefusalError("the file holds a null byte")
    decoded = SourceText(read, read.text, (0, *(match.end() for match in _NEWLINE.finditer(read.text))))
    if decoded.encode(read.text) != data:
        raise RefusalError(f"the encoding {read.encoding} does not give back the bytes it reads")
    return decoded
