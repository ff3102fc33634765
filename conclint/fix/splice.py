"""The smallest edit there is: a range of text becomes another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from conclint.fix.refusal import RefusalError


class Splice(NamedTuple):
    """The characters from `start` to `end` become `text`."""

    start: int
    end: int
    text: str


def spliced(text: str, splices: Iterable[Splice]) -> str:
    """The text with all splices done; those at one place in the order in which they are given.

    Raises:
        RefusalError: two of them overlap.
    """
    done: list[str] = []
    position = 0
    for splice in sorted(splices, key=lambda splice: (splice.start, splice.end)):
        if splice.start < position:
            raise RefusalError("two edits of the same fix overlap")
        done += (text[position : splice.start], splice.text)
        position = splice.end
    return "".join([*done, text[position:]])
