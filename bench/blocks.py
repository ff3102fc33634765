"""The code blocks of a text: fenced, indented, or under a reStructuredText directive."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import NamedTuple

_FENCE = re.compile(r"(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<language>[\w+-]*)[^`]*")
_DIRECTIVE = re.compile(
    r"(?P<indent>[ \t]*)\.\. (?:testcode|code-block|code|sourcecode)::[ \t]*(?P<language>[\w+-]*).*"
)
_PYTHON = frozenset(("", "python", "python3", "py", "py3"))
_OPTION = re.compile(r"\s*:[\w-]+:.*")
_LEAST_INDENT = 4


class Block(NamedTuple):
    """A block of Python: its number from 1, the row of the text on which its code begins, and the code."""

    number: int
    row: int
    code: str


def cut(text: str) -> tuple[Block, ...]:
    """The Python blocks of a text in order.

    Indented blocks count only in a text that marks none: otherwise indentation belongs to a list or a quotation.
    """
    lines = text.expandtabs().splitlines()
    found = _marked(lines)
    if found is None:
        found = _indented(lines)
    return tuple(Block(number, row, code) for number, (row, code) in enumerate(found, 1))


def _marked(lines: Sequence[str]) -> list[tuple[int, str]] | None:
    """Row and code of what stands in fences and under directives; None if the text has neither."""
    found = []
    some = False
    at = 0
    while at < len(lines):
        if fence := _fence(lines, at):
            end = _end_of_fence(lines, at + 1, fence["fence"])
            body = [_without(line, len(fence["indent"])) for line in lines[at + 1 : end]]
            row, language = at + 2, fence["language"]
            at = end + 1
        elif directive := _DIRECTIVE.fullmatch(lines[at]):
            begin = at + 1
            while begin < len(lines) and _OPTION.fullmatch(lines[begin]):
                begin += 1
            end = _end_of_indent(lines, begin, len(directive["indent"]))
            while begin < end and not lines[begin].strip():
                begin += 1
            body = textwrap.dedent("\n".join(lines[begin:end])).splitlines()
            row, language = begin + 1, directive["language"]
            at = end
        else:
            at += 1
            continue
        some = True
        if language.lower() in _PYTHON and any(line.strip() for line in body):
            found.append((row, "\n".join(body).rstrip() + "\n"))
    return found if some else None


def _fence(lines: Sequence[str], at: int) -> re.Match[str] | None:
    fence = _FENCE.fullmatch(lines[at])
    if fence and fence["fence"].startswith("~") and at and lines[at - 1].strip():
        return None  # the underline of a heading
    return fence


def _end_of_fence(lines: Sequence[str], at: int, fence: str) -> int:
    while at < len(lines):
        line = lines[at].strip()
        if line.startswith(fence) and not line.strip(fence[0]):
            break
        at += 1
    return at


def _end_of_indent(lines: Sequence[str], at: int, indent: int) -> int:
    while at < len(lines) and (not lines[at].strip() or _indent(lines[at]) > indent):
        at += 1
    return at


def _indented(lines: Sequence[str]) -> list[tuple[int, str]]:
    found = []
    at = 0
    while at < len(lines):
        after_gap = at == 0 or not lines[at - 1].strip()
        if not (after_gap and lines[at].strip() and _indent(lines[at]) >= _LEAST_INDENT):
            at += 1
            continue
        end = _end_of_indent(lines, at, _LEAST_INDENT - 1)
        found.append((at + 1, textwrap.dedent("\n".join(lines[at:end])).rstrip() + "\n"))
        at = end
    return found


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _without(line: str, indent: int) -> str:
    """The line without the indentation of its fence, of which it may have less."""
    return line[min(indent, _indent(line)) :]
