"""Which files a pattern means."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Sequence
from pathlib import Path


class PerFile:
    """The codes that are ignored by file.

    A pattern is matched against the path below `root` and against the file's name; `*` also crosses folders, a
    folder means all that it holds, and a leading `!` means every file that the rest does not.
    """

    def __init__(self, root: Path, entries: Sequence[tuple[str, Sequence[str]]]) -> None:
        self._root = str(root)
        self._entries = [(_compile(pattern.removeprefix("!")), pattern[:1] == "!", codes) for pattern, codes in entries]
        self._found: dict[str, tuple[str, ...]] = {}

    def codes(self, path: str) -> tuple[str, ...]:
        """The patterns of codes that are ignored in a file."""
        if not self._entries:
            return ()
        known = self._found.get(path)
        if known is None:
            below = os.path.relpath(path, self._root).replace(os.sep, "/")
            name = below.rpartition("/")[2]
            known = self._found[path] = tuple(
                code
                for regex, inverted, codes in self._entries
                if bool(regex.fullmatch(below) or regex.fullmatch(name)) is not inverted
                for code in codes
            )
        return known

    def ignores(self, path: str, code: str, name: str) -> bool:
        """Whether the rule is ignored in the file."""
        return any(
            pattern == "ALL" or code.startswith(pattern.upper()) or name == pattern.lower()
            for pattern in self.codes(path)
        )


def _compile(pattern: str) -> re.Pattern[str]:
    pattern = pattern.replace(os.sep, "/").removeprefix("./").rstrip("/")
    wanted = [pattern, f"{pattern}/*"]
    if pattern.startswith("**/"):
        wanted += [pattern[3:], f"{pattern[3:]}/*"]
    return re.compile("|".join(fnmatch.translate(each) for each in wanted))
