"""The contents of the files that findings are in, read once, when something is to be shown of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from conclint.finding import Place
from conclint.source import Source, decode, read


class Location(NamedTuple):
    """A place as people count: rows and columns from 1, columns in characters, the end excluded."""

    row: int
    column: int
    end_row: int
    end_column: int


class Contents:
    """The files of a run by path; what `overlay` holds is not read from disk."""

    def __init__(self, overlay: Mapping[str, bytes] = {}) -> None:
        self._overlay = overlay
        self._known: dict[str, Source | None] = {}

    def source(self, path: str) -> Source | None:
        """The file, or None where it cannot be read."""
        if path not in self._known:
            found = decode(path, self._overlay[path]) if path in self._overlay else read(path)
            self._known[path] = found if isinstance(found, Source) else None
        return self._known[path]

    def line(self, path: str, row: int) -> str:
        """A line without its newline; "" where there is none."""
        source = self.source(path)
        return source.line(row) if source else ""

    def location(self, place: Place) -> Location:
        """Where a place is. In a file that cannot be read, columns are those of its bytes."""
        span = place.span
        source = self.source(place.path)
        if source is None:
            return Location(span.row, span.column + 1, span.end_row, span.end_column + 1)
        start = source.characters(span.row, span.column) + 1
        return Location(span.row, start, span.end_row, source.characters(span.end_row, span.end_column) + 1)
