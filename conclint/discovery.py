"""Which files a run is about.

Folders are walked as a developer expects: what git ignores and what is excluded is left out, links to folders are not
followed, and whatever is odd on disk (a broken link, a folder that may not be read, a pipe called `x.py`) costs itself
alone. What the user names is taken as named, also where it is ignored.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Container, Iterable, Sequence
from typing import NamedTuple

from conclint.config import Settings
from conclint.gitignore import Ignore

SUFFIXES = (".py", ".pyw")


class Found(NamedTuple):
    """A file, with what a cache goes by. `path` is relative to the working folder where it lies below it."""

    path: str
    mtime_ns: int
    size: int


def state(path: str) -> Found:
    """A file as it is now; one that is gone has a state that no file has."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return Found(path, 0, -1)
    return Found(path, status.st_mtime_ns, status.st_size)


class Discovery(NamedTuple):
    """The files in order, and what could not be walked: (path, reason).

    `partial` says that a named file stands among others that are not in the run, so that what calls it, or what
    it calls, may not have been seen.
    """

    files: tuple[Found, ...]
    problems: tuple[tuple[str, str], ...]
    partial: bool


class NoSuchPathError(Exception):
    """A path that the user named does not exist. The argument is the path."""


def discover(paths: Sequence[str], settings: Settings) -> Discovery:
    """Find the Python files that `paths` mean, each once, in the order of their paths.

    Raises:
        NoSuchPathError: one of `paths` does not exist.
    """
    walk = _Walk(settings)
    named = []
    for path in paths:
        shown = _shown(path)
        try:
            status = os.stat(path)
        except (OSError, ValueError):
            raise NoSuchPathError(path) from None
        if stat.S_ISDIR(status.st_mode):
            walk.folder(shown, path)
        elif not (settings.force_exclude and walk.excluded(shown)):
            walk.files[shown] = Found(shown, status.st_mtime_ns, status.st_size)
            named.append(shown)
    walk.add_links()
    files = tuple(walk.files[path] for path in sorted(walk.files))
    return Discovery(files, tuple(sorted(walk.problems)), stands_among_others(named, walk.files))


def stands_among_others(paths: Iterable[str], files: Container[str]) -> bool:
    """Whether one of `paths` has Python files beside it that are not in `files`."""
    for folder in {os.path.dirname(path) for path in paths}:
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        if any(name.endswith(SUFFIXES) and os.path.join(folder, name) not in files for name in names):
            return True
    return False


def _shown(path: str) -> str:
    path = os.path.normpath(path)
    if os.path.isabs(path):
        below = os.path.relpath(path)
        return path if below == ".." or below.startswith(f"..{os.sep}") else below
    return path


class _Walk:
    def __init__(self, settings: Settings) -> None:
        self.files: dict[str, Found] = {}
        self.problems: list[tuple[str, str]] = []
        self._identities: set[tuple[int, int]] = set()
        self._links: list[tuple[str, os.stat_result]] = []
        self._git = settings.respect_gitignore
        # Plain names are by far the most common excludes, and a set answers for them at once.
        patterns = (*settings.exclude, *settings.extend_exclude)
        self._names = frozenset(each.strip("/") for each in patterns if not set(each.strip("/")) & set("/*?[]!\\#"))
        root = os.path.abspath(settings.root)
        self._excludes = Ignore(root, [each for each in patterns if each.strip("/") not in self._names])

    def folder(self, shown: str, path: str) -> None:
        """Walk a folder that the user named."""
        top = os.path.abspath(path)
        rules = [self._excludes, *(self._repository(top) if self._git else ())]
        kept = []
        for rule in rules:
            below = os.path.relpath(top, rule.folder).replace(os.sep, "/")
            kept.append(rule if below == "." or below.startswith("..") else rule.but_for(below))
        # Of the rules, the first are the excludes, the others git's from the outermost inward.
        stack = [("" if shown == "." else shown, top, tuple(kept))]
        while stack:
            stack.extend(reversed(self._scan(*stack.pop())))

    def _scan(self, shown: str, top: str, rules: tuple[Ignore, ...]) -> list[tuple[str, str, tuple[Ignore, ...]]]:
        """Take the files of one folder, and return the folders in it."""
        try:
            with os.scandir(top) as listing:
                entries = list(listing)
        except OSError as error:
            self.problems.append((shown or ".", error.strerror or str(error)))
            return []
        if self._git and any(entry.name == ".gitignore" for entry in entries):
            rules = (*rules, *_read(os.path.join(top, ".gitignore"), top))
        # From here on every path is joined from strings: `os.path.join` for each entry was a third of the walk.
        lead = f"{shown}{os.sep}" if shown and not shown.endswith(os.sep) else shown
        prefixes = tuple((rule, _prefix(top, rule.folder)) for rule in rules)
        folders = []
        for entry in entries:
            name = entry.name
            try:
                folder = entry.is_dir(follow_symlinks=False)
                if not folder and not name.endswith(SUFFIXES):
                    continue
                if name in self._names or _ignored(prefixes, name, folder):
                    continue
                if folder:
                    folders.append((lead + name, entry.path, rules))
                else:
                    self._take(entry, lead + name)
            except OSError:
                continue  # it went away meanwhile, or is a link to nowhere
        return folders

    def _take(self, entry: os.DirEntry[str], shown: str) -> None:
        if not entry.is_file():
            return
        status = entry.stat()
        if entry.is_symlink():
            self._links.append((shown, status))
        else:
            self._identities.add((status.st_dev, status.st_ino))
            self.files[shown] = Found(shown, status.st_mtime_ns, status.st_size)

    def add_links(self) -> None:
        """Take the links to files that are not in the run anyway; of several to one file, the first."""
        for shown, status in sorted(self._links, key=lambda link: link[0]):
            identity = (status.st_dev, status.st_ino)
            if identity not in self._identities:
                self._identities.add(identity)
                self.files[shown] = Found(shown, status.st_mtime_ns, status.st_size)

    def excluded(self, shown: str) -> bool:
        """Whether the excludes mean this file or a folder above it."""
        below = os.path.relpath(shown, self._excludes.folder).replace(os.sep, "/")
        parts = below.split("/")
        if not self._names.isdisjoint(parts):
            return True
        return any(
            self._excludes.verdict("/".join(parts[:end]), parts[end - 1], folder=end < len(parts))
            for end in range(1, len(parts) + 1)
        )

    def _repository(self, top: str) -> list[Ignore]:
        """What git's files say above `top`, from the root of its repository downward; nothing outside of one."""
        above = []
        folder = top
        while not os.path.exists(os.path.join(folder, ".git")):
            parent = os.path.dirname(folder)
            if parent == folder:
                return []
            folder = parent
            above.append(folder)
        found = _read(os.path.join(folder, ".git", "info", "exclude"), folder)
        for each in reversed(above):
            found += _read(os.path.join(each, ".gitignore"), each)
        return found


def _prefix(top: str, folder: str) -> str:
    """What turns a name in `top` into a path relative to `folder`."""
    if top == folder:
        return ""
    return os.path.relpath(top, folder).replace(os.sep, "/") + "/"


def _ignored(rules: tuple[tuple[Ignore, str], ...], name: str, folder: bool) -> bool:
    """Excludes first; then the nearest `.gitignore` that speaks of the path decides."""
    excludes, prefix = rules[0]
    if excludes.verdict(prefix + name, name, folder=folder):
        return True
    for rule, prefix in reversed(rules[1:]):
        verdict = rule.verdict(prefix + name, name, folder=folder)
        if verdict is not None:
            return verdict
    return False


def _read(path: str, folder: str) -> list[Ignore]:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            lines = stream.read().splitlines()
    except (OSError, ValueError):
        return []
    try:
        rule = Ignore(folder, lines)
    except ValueError:  # a pattern that git does not take either
        return []
    return [rule]
