"""Generations side by side."""

from __future__ import annotations

from itertools import zip_longest


class ColumnPrinter:
    """Texts beside one another, each under its number, in the order in which they were appended."""

    def __init__(self) -> None:
        self._columns: list[list[str]] = []

    def append(self, text: str) -> None:
        """Add a column: the lines of a text."""
        lines = text.splitlines()
        number = str(len(self._columns))
        width = max([len(number), *map(len, lines)])
        self._columns.append([number.center(width), *(line.ljust(width) for line in lines)])

    def __str__(self) -> str:
        blank = [" " * len(column[0]) for column in self._columns]
        rows = zip_longest(*self._columns)
        return "\n".join(" | ".join(empty if cell is None else cell for cell, empty in zip(row, blank)) for row in rows)
