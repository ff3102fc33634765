"""Where the parts of a LibCST tree stand, in the rows and UTF-8 columns of `ast`."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import TypeVar

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper

_NEWLINE = re.compile(rb"\r\n|\r|\n")
_BLANK = b" \t\f\r\n\\"
_Placed = TypeVar("_Placed", bound=ast.AST)


class Positions:
    """The byte offsets of a module's nodes.

    Parameters:
        module: a tree as the parser made it: no node may stand in it twice.
        text: what was parsed.

    Raises:
        ValueError: the tree does not say the same as the text.
    """

    def __init__(self, module: cst.Module, text: str) -> None:
        self._data = text.encode("utf-8", "surrogatepass")
        self._starts = [0, *(found.end() for found in _NEWLINE.finditer(self._data))]
        self._spans = MetadataWrapper(module, unsafe_skip_copy=True).resolve(ByteSpanPositionProvider)
        self._lost = _lost(module.code.encode("utf-8", "surrogatepass"), self._data)

    def start(self, node: cst.CSTNode) -> int:
        """Where the node begins, without parentheses around it."""
        return self._offset(self._spans[node].start)

    def end(self, node: cst.CSTNode) -> int:
        """Where the node ends, without parentheses around it or space behind it."""
        span = self._spans[node]
        end = self._offset(span.start + span.length, -1)
        while end > span.start and self._data[end - 1] in _BLANK:
            end -= 1
        return end

    def outer_start(self, node: cst.CSTNode) -> int:
        """Where the node begins, with the parentheses around it."""
        brackets: Sequence[cst.LeftParen] = getattr(node, "lpar", ())
        return self.start(brackets[0] if brackets else node)

    def outer_end(self, node: cst.CSTNode) -> int:
        """Where the node ends, with the parentheses around it."""
        brackets: Sequence[cst.RightParen] = getattr(node, "rpar", ())
        return self.end(brackets[-1] if brackets else node)

    def behind_space(self, node: cst.CSTNode) -> int:
        """The end of a node that is white space."""
        span = self._spans[node]
        return self._offset(span.start + span.length)

    def _offset(self, offset: int, shift: int = 0) -> int:
        """Where in the file an offset in LibCST's version of it is; an end (`shift` -1) stays with what it ends."""
        return offset + bisect_right(self._lost, offset + shift) if self._lost else offset

    def place(self, made: _Placed, start: int, end: int) -> _Placed:
        """Give an `ast` node its position."""
        row = bisect_right(self._starts, start)
        end_row = bisect_right(self._starts, end)
        made.lineno, made.col_offset = row, start - self._starts[row - 1]  # type: ignore[attr-defined]  # has them
        made.end_lineno = end_row  # type: ignore[attr-defined]  # all placed nodes have it
        made.end_col_offset = end - self._starts[end_row - 1]  # type: ignore[attr-defined]  # all placed nodes have it
        return made


def _lost(code: bytes, data: bytes) -> list[int]:
    """The offsets in `code`, LibCST's version of `data`, before which a byte of white space of `data` is missing.

    It forgets form feeds at the beginning of a line, and the space in `{value!r }`.

    Raises:
        ValueError: more than white space is missing.
    """
    lost: list[int] = []
    if code == data:
        return lost
    at = 0
    for byte in data:
        if at < len(code) and code[at] == byte:
            at += 1
        elif byte in _BLANK:
            lost.append(at)
        else:
            raise ValueError("LibCST has not kept the file")
    return lost
