"""A file's LibCST tree with the place of every node in the file's text, and the nodes around it.

LibCST's own position providers count rows and columns with a regular expression for every token. What a fix needs is
less: one walk of the code generator, which counts characters, remembers parents, and sorts nodes by their type.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import libcst as cst
from libcst._nodes.internal import CodegenState

from conclint.fix.refusal import RefusalError
from conclint.fix.text import SourceText
from conclint.nesting import too_deep

Node = TypeVar("Node", bound=cst.CSTNode)
IGNORED = re.compile(r"(?:[ \t\f\r\n]|\\(?=[\r\n])|#[^\r\n]*)*")
# LibCST mislays form feeds at the beginning of a line and blanks on empty lines, and does not know a carriage return
# alone as a newline. None of them has a meaning that a tree needs.
_MISLAID = re.compile(r"\f|^[ \t\f]+(?=[\r\n]|\Z)", re.MULTILINE)
_UNPLACED = (cst.SimpleWhitespace, cst.TrailingWhitespace, cst.EmptyLine, cst.Newline)


class _Places(CodegenState):
    """The code generator's state that notes where each node begins and ends. The code itself comes out as `tokens`."""

    def __init__(self, module: cst.Module) -> None:
        super().__init__(default_indent=module.default_indent, default_newline=module.default_newline)
        self.position = 0
        self.spans: dict[cst.CSTNode, tuple[int, int]] = {}
        self.outer: dict[cst.CSTNode, tuple[int, int]] = {}
        self.parents: dict[cst.CSTNode, cst.CSTNode] = {}
        self.kinds: dict[type[cst.CSTNode], list[cst.CSTNode]] = {}
        self._open: list[tuple[cst.CSTNode, int]] = [(module, 0)]

    def add_indent_tokens(self) -> None:
        for token in self.indent_tokens:
            self.add_token(token)

    def add_token(self, value: str) -> None:
        self.tokens.append(value)
        self.position += len(value)

    def before_codegen(self, node: cst.CSTNode) -> None:
        self.parents[node] = self._open[-1][0]
        self._open.append((node, self.position))

    def after_codegen(self, node: cst.CSTNode) -> None:
        start = self._open.pop()[1]
        kind = type(node)
        if kind not in _UNPLACED:
            self.kinds.setdefault(kind, []).append(node)
            self.outer[node] = (start, self.position)

    @contextmanager
    def record_syntactic_position(
        self, node: cst.CSTNode, *, start_node: cst.CSTNode | None = None, end_node: cst.CSTNode | None = None
    ) -> Iterator[None]:
        start = self.position
        yield
        end = self.position
        if start_node is not None:
            start = self._span(start_node)[0]
        if end_node is not None:
            end = self._span(end_node)[1]
        self.spans[node] = (start, end)

    def _span(self, node: cst.CSTNode) -> tuple[int, int]:
        return self.spans.get(node) or self.outer[node]


@dataclass(frozen=True, slots=True)
class Tree:
    """A parsed file. `start`, `end` of a node are what `ast` would say, but in characters of the whole text."""

    source: SourceText
    module: cst.Module
    _places: _Places
    _removed: tuple[int, ...]
    _by_start: dict[int, list[cst.CSTNode]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The decoded text of the file."""
        return self.source.text

    def range(self, node: cst.CSTNode) -> tuple[int, int]:
        """Where the node begins and ends, without its parentheses, decorators and the lines before it."""
        start, end = self._places.spans.get(node) or self._places.outer[node]
        return self._original(start, end)

    def outer(self, node: cst.CSTNode) -> tuple[int, int]:
        """Where the node begins and ends with all that belongs to it: parentheses, decorators, lines before it."""
        return self._original(*self._places.outer[node])

    def parent(self, node: cst.CSTNode) -> cst.CSTNode:
        """The node around `node`; the module's is itself."""
        return self._places.parents.get(node, self.module)

    def ancestors(self, node: cst.CSTNode) -> Iterator[tuple[cst.CSTNode, cst.CSTNode]]:
        """Pairs of a node and its parent, from `node` outward to the module."""
        while node is not self.module:
            parent = self.parent(node)
            yield node, parent
            node = parent

    def of(self, kind: type[Node]) -> list[Node]:
        """All nodes of exactly this type, in the order in which they end."""
        return self._places.kinds.get(kind, [])  # type: ignore[return-value]  # filed under its own type

    def starting_at(self, offset: int) -> list[cst.CSTNode]:
        """The nodes whose `range` begins at `offset`, inner ones first."""
        if not self._by_start:
            for kind in self._places.kinds.values():
                for node in kind:
                    self._by_start.setdefault(self.range(node)[0], []).append(node)
        found = self._by_start.get(offset, [])
        return sorted(found, key=lambda node: self.range(node)[1])

    def comments(self, start: int, end: int) -> list[tuple[int, int]]:
        """The ranges of the comments that lie between two offsets."""
        ranges = (self.range(node) for node in self.of(cst.Comment))
        return sorted(found for found in ranges if start <= found[0] < end)

    def strings(self, start: int, end: int) -> list[tuple[int, int]]:
        """The ranges of the string literals that touch the range between two offsets and span lines."""
        found = []
        for kind in STRINGS:
            for node in self._places.kinds.get(kind, []):
                first, last = self.range(node)
                if first < end and start < last and re.search(r"[\r\n]", self.text[first:last]):
                    found.append((first, last))
        return found

    def expression(self, start: int, end: int) -> cst.BaseExpression:
        """The expression that `ast` places at this range.

        Raises:
            RefusalError: there is none, for instance because the file is not the one that was looked at.
        """
        found = self._exactly(start, end) or self._in_parentheses(start, end)
        if found is None:
            raise RefusalError(
                f"no expression is at line {self.source.span(start, end).row} as it was when it was found"
            )
        return found

    def _exactly(self, start: int, end: int) -> cst.BaseExpression | None:
        for node in self.starting_at(start):
            if isinstance(node, cst.BaseExpression) and self.range(node)[1] == end:
                return node
        return None

    def _in_parentheses(self, start: int, end: int) -> cst.BaseExpression | None:
        """`ast` counts the parentheses of tuples and generator expressions as theirs, LibCST does not."""
        if end - start < 2 or self.text[start] != "(" or self.text[end - 1] != ")":
            return None
        inner = IGNORED.match(self.text, start + 1)
        for node in self.starting_at(inner.end() if inner else start + 1):
            if isinstance(node, (cst.Tuple, cst.GeneratorExp)):
                after = IGNORED.match(self.text, self.range(node)[1])
                if after is not None and after.end() == end - 1:
                    return node
        return self._exactly(start + 1, end - 1) if self.text[start:end] == "()" else None

    def _original(self, start: int, end: int) -> tuple[int, int]:
        if not self._removed:
            return start, end
        return self._restored(start), self._restored(end - 1) + 1 if end > start else self._restored(start)

    def _restored(self, offset: int) -> int:
        return offset + bisect.bisect_right(self._removed, offset)


STRINGS: tuple[type[cst.CSTNode], ...] = tuple(
    kind
    for name in ("SimpleString", "FormattedString", "TemplatedString")
    if (kind := getattr(cst, name, None)) is not None
)
"""The node types of string literals; which there are depends on LibCST's version."""


def parse(source: SourceText) -> Tree:
    """Parse a file.

    Raises:
        RefusalError: LibCST must not or cannot read it, or reads it in a way that does not give the same text back.
    """
    whole = re.sub(r"\r(?!\n)", "\n", source.text)
    text = _MISLAID.sub("", whole)
    reason = too_deep(text)
    if reason is not None:
        raise RefusalError(f"the file has {reason}")
    try:
        module = cst.parse_module(text)
        places = _Places(module)
        module._codegen(places)
    except cst.ParserSyntaxError as error:
        raise RefusalError(f"the file does not parse: {error.message}") from error
    except RecursionError as error:
        raise RefusalError("the file is nested too deeply") from error
    code = "".join(places.tokens)
    dropped = [] if code == whole else _dropped(whole, code)
    return Tree(source, module, places, tuple(offset - index for index, offset in enumerate(dropped)))


def _dropped(text: str, code: str) -> list[int]:
    """The offsets of the blanks of `text` that are not in `code`, which must be all that is missing there.

    Raises:
        RefusalError: something else is.
    """
    found = []
    at = 0
    for offset, character in enumerate(text):
        if code[at : at + 1] == character:
            at += 1
        elif character.isspace():
            found.append(offset)
        else:
            raise RefusalError("the parser does not give this file back as it is")
    if at != len(code):
        raise RefusalError("the parser does not give this file back as it is")
    return found
