"""Patterns in the manner of `.gitignore`, fast enough to ask for each file of a large tree."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

_ANY_FOLDER = "^(?:.+/)?"
_NAMED_GROUP = re.compile(r"\(\?P<\w+>")


class Ignore:
    """What one `.gitignore`, or one list of excludes, says about the paths below its folder.

    Almost no path is ignored, and `pathspec` tries one pattern after another: two joined expressions, one on names
    and one on paths, tell first whether any pattern can match at all.
    """

    def __init__(self, folder: str, lines: Iterable[str]) -> None:
        from pathspec import GitIgnoreSpec

        self.folder = folder
        self._lines = [line for line in lines if line.strip() and not line.startswith("#")]
        self._spec = GitIgnoreSpec.from_lines(self._lines)
        by_name: list[str] = []
        by_path: list[str] = []
        for line, pattern in zip(self._lines, self._spec.patterns, strict=True):
            source = _NAMED_GROUP.sub("(?:", pattern.regex.pattern) if pattern.regex is not None else ""
            if source.startswith(_ANY_FOLDER) and "/" not in line.rstrip().rstrip("/"):
                by_name.append(source.removeprefix(_ANY_FOLDER))
            elif source:
                by_path.append(source)
        self._name_hit = functools.cache(re.compile("|".join(by_name)).match) if by_name else None
        self._path_hit = re.compile("|".join(by_path)).match if by_path else None

    def verdict(self, path: str, name: str, *, folder: bool) -> bool | None:
        """Whether the path is ignored; None where no pattern speaks of it.

        Parameters:
            path: with `/`, relative to this one's own folder.
            name: the last part of `path`.
            folder: whether it is a folder.
        """
        if folder:
            path, name = f"{path}/", f"{name}/"
        if (self._name_hit and self._name_hit(name)) or (self._path_hit and self._path_hit(path)):
            return self._spec.check_file(path).include
        return None

    def but_for(self, path: str) -> Ignore:
        """The same without the patterns that ignore `path`, a folder, as a whole."""
        from pathspec import GitIgnoreSpec

        left = [line for line in self._lines if not GitIgnoreSpec.from_lines([line]).match_file(f"{path}/")]
        return self if len(left) == len(self._lines) else Ignore(self.folder, left)
