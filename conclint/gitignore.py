"""Patterns in the manner of `.gitignore` (https://git-scm.com/docs/gitignore), asked for each file of a large tree.

`pathspec` is not used: it answers for files by their whole path, so that what `!` takes back in a folder that is itself
ignored differs from git, it takes 30 ms to import, and it tries one pattern after another. Here an entry is only asked
about itself, since whoever walks does not enter ignored folders, and two joined expressions tell first whether
any pattern can match at all.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import NamedTuple


class _Pattern(NamedTuple):
    line: str
    regex: re.Pattern[str]
    negated: bool
    folders_only: bool
    by_name: bool

    def matches(self, path: str, name: str, folder: bool) -> bool:
        if self.folders_only and not folder:
            return False
        return self.regex.fullmatch(name if self.by_name else path) is not None


class Ignore:
    """What one `.gitignore`, or one list of excludes, says about the paths below its folder.

    Lines that git would not understand say nothing.
    """

    def __init__(self, folder: str, lines: Iterable[str]) -> None:
        self.folder = folder
        self._patterns = [pattern for pattern in map(_parse, lines) if pattern is not None]
        names = [pattern.regex.pattern for pattern in self._patterns if pattern.by_name]
        paths = [pattern.regex.pattern for pattern in self._patterns if not pattern.by_name]
        self._name_hit = functools.cache(re.compile("|".join(names)).fullmatch) if names else None
        self._path_hit = re.compile("|".join(paths)).fullmatch if paths else None

    def verdict(self, path: str, name: str, *, folder: bool) -> bool | None:
        """Whether the entry itself is ignored; None where no pattern speaks of it.

        Parameters:
            path: with `/`, relative to this one's own folder.
            name: the last part of `path`.
            folder: whether it is a folder.
        """
        if (self._name_hit and self._name_hit(name)) or (self._path_hit and self._path_hit(path)):
            for pattern in reversed(self._patterns):
                if pattern.matches(path, name, folder):
                    return not pattern.negated
        return None

    def but_for(self, path: str) -> Ignore:
        """The same without the patterns that ignore the folder `path`, or one above it, as a whole."""
        parts = path.split("/")
        above = [("/".join(parts[:end]), parts[end - 1]) for end in range(1, len(parts) + 1)]
        left = [
            pattern.line
            for pattern in self._patterns
            if pattern.negated or not any(pattern.matches(where, name, True) for where, name in above)
        ]
        return self if len(left) == len(self._patterns) else Ignore(self.folder, left)


def _parse(line: str) -> _Pattern | None:
    body = re.sub(r"(?<!\\)[ \t\r]+$", "", line)
    negated = body.startswith("!")
    if negated:
        body = body[1:]
    elif body.startswith("#"):
        return None
    folders_only = body.endswith("/")
    body = body.rstrip("/")
    anchored = "/" in body
    body = body.removeprefix("/")
    if not body:
        return None
    if body.startswith("**/") and "/" not in body[3:]:
        anchored, body = False, body[3:]
    try:
        return _Pattern(line, re.compile(_translate(body)), negated, folders_only, not anchored)
    except re.error:
        return None


_TOKEN = re.compile(
    r"(?P<all>^(?:\*\*/)*\*\*$)|(?P<lead>^(?:\*\*/)+)|(?P<inner>(?:/\*\*)+/)|(?P<rest>(?:/\*\*)+$)|(?P<stars>\*+)|(?P<one>\?)"
    r"|\[(?P<no>[!^]?)(?P<set>\]?(?:\\.|\[:\w+:\]|[^\]\\])*)\]|\\(?P<literal>.)|(?P<other>[^*?\[\\/]+|.)",
    re.DOTALL,
)
_MEANING = {"all": ".+", "lead": "(?:.+/)?", "inner": "/(?:.+/)?", "rest": "/.+", "stars": "[^/]*", "one": "[^/]"}
_CLASSES = {
    "[:alnum:]": "a-zA-Z0-9", "[:alpha:]": "a-zA-Z", "[:digit:]": "0-9", "[:lower:]": "a-z", "[:upper:]": "A-Z",
    "[:space:]": r"\s", "[:punct:]": r"!-/:-@\[-`{-~", "[:xdigit:]": "0-9a-fA-F",
}  # fmt: skip


def _translate(glob: str) -> str:
    """A regular expression, without groups, for all of a name or a path."""
    parts = []
    for token in _TOKEN.finditer(glob):
        kind = token.lastgroup or ""
        if kind in _MEANING:
            parts.append(_MEANING[kind])
        elif token["set"] is not None:
            inner = re.sub(r"\[:\w+:\]", lambda found: f"\0{found.group()}\0", token["set"])
            inside = "".join(_CLASSES.get(each, _in_set(each)) for each in inner.split("\0"))
            parts.append(f"(?!/)[{'^' if token['no'] else ''}{inside}]")
        else:
            parts.append(re.escape(token["literal"] or token["other"]))
    return "".join(parts)


def _in_set(text: str) -> str:
    """The characters of a set, with what regular expressions would take for more escaped."""
    return re.sub(r"\\(.)|([\[\]^&~|\\])", lambda found: re.escape(found[1] or found[2]), text)
