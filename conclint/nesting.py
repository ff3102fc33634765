"""What may be handed to LibCST's parser.

That parser recurses on the machine's stack: some thousand open brackets or some ten thousand operators in a row end the
process instead of raising an error, and much shorter chains take minutes. CPython's own limits are the measure here;
code beyond them is machine-made, and not worth a crash.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

BRACKETS = 200
"""Open brackets at one point, as CPython's own limit."""
INDENTS = 99
"""Levels of indentation, as CPython's own limit."""
LINKS = 1000
"""Operators, attributes, calls or adjoining strings in one expression, and branches of one `if`. Not CPython's limit
(it has none), but far above what people write, and safe for every construct that was tried."""

_CODE = re.compile(
    r"""
      (?P<string>(?P<prefix>[rRbBuUfFtT]{0,3})(?P<quote>\"\"\"|'''|"|'))
    | (?P<word>\w+)
    | (?P<comment>\#[^\r\n]*)
    | (?P<join>\\(?:\r\n|\r|\n))
    | (?P<line>(?:\r\n|\r|\n)(?P<margin>[ \t\f]*))
    | (?P<open>[(\[{])
    | (?P<close>[)\]}])
    | (?P<stop>[,;])
    | (?P<operator>:=|!=|\*\*|//|[^\s\w])
    """,
    re.VERBOSE,
)
_WORDS_THAT_LINK = frozenset({"and", "or", "not", "if", "in", "is", "lambda", "await", "yield", "for", "from"})
_PLAIN_END = {
    quote: re.compile(rf"(?:\\[\s\S]|(?!{quote})[^\\{'' if len(quote) == 3 else chr(13) + chr(10)}])*(?:{quote})?")
    for quote in ('"""', "'''", '"', "'")
}
_FIELD_OR_END = {
    quote: re.compile(rf"\\[^{{}}]|\{{\{{|\}}\}}|(?P<field>\{{)|(?P<shut>\}})|(?P<end>{quote})")
    for quote in ('"""', "'''", '"', "'")
}


@dataclass(slots=True)
class _Code:
    """A stretch of code: the file itself, or the field of an f-string, which ends at its closing brace."""

    quote: str = ""
    links: list[int] = field(default_factory=lambda: [0])


@dataclass(slots=True)
class _Text:
    """The literal part of an f-string (`spec`: of a format specification, which ends at a brace)."""

    quote: str
    spec: bool = False


class _TooDeepError(Exception):
    pass


def too_deep(source_text: str) -> str | None:
    """Say why `source_text` must not be given to LibCST's parser.

    Parameters:
        source_text: the text of a Python file of any syntax up to 3.14; it need not be valid.

    Returns:
        What there is too much of, as a phrase ("more than 200 open brackets in line 7"), or None where parsing is safe.
    """
    try:
        _Scan(source_text).run()
    except _TooDeepError as found:
        return str(found)
    return None


class _Scan:
    """One walk over the text, by a stack of code and f-string parts (PEP 701 lets them nest with the same quotes)."""

    __slots__ = ("_branches", "_depth", "_indents", "_position", "_stack", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._depth = 0
        self._stack: list[_Code | _Text] = [_Code()]
        self._indents = [0]
        self._branches: dict[int, int] = {}

    def run(self) -> None:
        self._margin(re.match(r"[ \t\f]*", self._text).group())  # type: ignore[union-attr]  # matches the empty text
        while self._position < len(self._text):
            top = self._stack[-1]
            if isinstance(top, _Code):
                self._code(top)
            else:
                self._literal(top)

    def _code(self, top: _Code) -> None:
        match = _CODE.search(self._text, self._position)
        if match is None:
            self._position = len(self._text)
            return
        self._position = match.end()
        kind = match.lastgroup
        if match["quote"]:
            self._string(top, match["prefix"], match["quote"])
        elif match["word"]:
            if match["word"] in _WORDS_THAT_LINK:
                self._link(top)
        elif match["margin"] is not None:
            if self._depth == 0 and len(self._stack) == 1:
                top.links = [0]
                self._margin(match["margin"])
        elif kind == "open":
            self._link(top)
            self._open(top)
        elif kind == "close":
            self._close(top, match["close"])
        elif kind == "stop":
            top.links[-1] = 0
        elif kind == "operator":
            self._operator(top, match["operator"])

    def _operator(self, top: _Code, operator: str) -> None:
        if operator == ":" and top.quote and len(top.links) == 1:
            self._stack[-1] = _Text(top.quote, spec=True)
        else:
            self._link(top)

    def _string(self, top: _Code, prefix: str, quote: str) -> None:
        self._link(top)
        if "f" in prefix.lower() or "t" in prefix.lower():
            self._stack.append(_Text(quote))
            self._nested()
        else:
            ended = _PLAIN_END[quote].match(self._text, self._position)
            self._position = ended.end() if ended else len(self._text)

    def _literal(self, top: _Text) -> None:
        match = _FIELD_OR_END[top.quote].search(self._text, self._position)
        if match is None:
            self._position = len(self._text)
            return
        self._position = match.end()
        if match["field"] or (top.spec and match.group() == "{{"):
            self._position = match.start() + 1
            self._stack.append(_Code(top.quote))
            self._nested()
        elif top.spec and (match["shut"] or match.group() == "}}"):
            self._position = match.start() + 1
            self._stack.pop()
        elif match["end"]:
            self._stack.pop()
            if top.spec:
                # An unclosed field: the text is not valid. What the quote ended is the literal below it.
                self._stack.pop()

    def _open(self, top: _Code) -> None:
        top.links.append(0)
        self._depth += 1
        self._nested()

    def _close(self, top: _Code, bracket: str) -> None:
        if len(top.links) > 1:
            top.links.pop()
            self._depth -= 1
        elif bracket == "}" and top.quote:
            self._stack.pop()

    def _nested(self) -> None:
        if self._depth + len(self._stack) > BRACKETS:
            raise _TooDeepError(f"more than {BRACKETS} open brackets in line {self._row()}")

    def _link(self, top: _Code) -> None:
        top.links[-1] += 1
        if top.links[-1] > LINKS:
            raise _TooDeepError(f"a chain of more than {LINKS} operators in line {self._row()}")

    def _margin(self, margin: str) -> None:
        after = self._position if self._position else len(margin)
        head = self._text[after : after + 5]
        if not head or head[0] in "#\r\n\\":
            return
        column = len(margin.rpartition("\f")[2].expandtabs(8))
        while self._indents[-1] > column:
            self._branches.pop(self._indents.pop(), None)
        if self._indents[-1] < column:
            self._indents.append(column)
            if len(self._indents) - 1 > INDENTS:
                raise _TooDeepError(f"more than {INDENTS} levels of indentation in line {self._row()}")
        count = self._branches.get(column, 0) + 1 if head.startswith("elif") else 0
        self._branches[column] = count
        if count > LINKS:
            raise _TooDeepError(f"more than {LINKS} branches of one `if` in line {self._row()}")

    def _row(self) -> int:
        return len(re.findall(r"\r\n|\r|\n", self._text[: self._position])) + 1
