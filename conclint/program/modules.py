"""Where imports lead: the names of files as modules, and what a dotted name stands for.

A file is known under the name that its package structure gives it (folders with an `__init__.py`), and under the
longer names that it has from every folder above that, up to the root of the run: that is how namespace packages,
`src/` layouts and several roots side by side are found without being declared. Of several files with one name the
nearest to the importing file is meant.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence

from conclint.program.model import Module

STDLIB = frozenset(sys.stdlib_module_names) | {"distutils", "imp", "asyncore", "asynchat", "smtpd", "tomllib"}


# These are part of the interpreter: a file of that name is never found in their place.
_BUILT_IN = frozenset(("atexit", "builtins", "errno", "gc", "itertools", "marshal", "sys", "time"))


class ModuleNames:
    """The modules of a run by dotted name."""

    def __init__(self) -> None:
        self._by_name: dict[str, list[Module]] = {}
        self._tops: set[str] = set()

    def add(self, module: Module, names: Iterable[str]) -> None:
        """Make a module known under these names."""
        for name in names:
            self._by_name.setdefault(name, []).append(module)
            self._tops.add(name.partition(".")[0])

    def find(self, dotted: str, importer: Module) -> Module | None:
        """The module of that name that `importer` means, or None where it is not of this program."""
        found = self._by_name.get(dotted)
        if found is None:
            return None
        top = dotted.partition(".")[0]
        if top in STDLIB:
            # A script's folder shadows the standard library for the files in it, for nobody else.
            if top in _BUILT_IN or "." in importer.name or importer.is_package:
                return None
            folder = os.path.dirname(importer.path)
            found = [one for one in found if os.path.dirname(one.path) == folder]
        if len(found) <= 1:
            return found[0] if found else None
        return max(found, key=lambda one: (_shared(one.path, importer.path), -len(one.path), one.path))

    def knows_top(self, name: str) -> bool:
        """Whether any module of the program lies below this top-level name."""
        return name in self._tops


def _shared(left: str, right: str) -> int:
    count = 0
    for one, other in zip(left.split("/"), right.split("/")):
        if one != other:
            break
        count += 1
    return count


def module_names(paths: Sequence[str], roots: Sequence[str] = ()) -> dict[str, tuple[str, ...]]:
    """The dotted names of each file, the one of its package structure first.

    Parameters:
        paths: the files of the run, relative or absolute, with `/`.
        roots: further folders that imports start from (`extra-roots`).
    """
    folders = {os.path.dirname(path) for path in paths if path.endswith("/__init__.py") or path == "__init__.py"}
    known: dict[str, bool] = {}

    def is_package(folder: str) -> bool:
        found = known.get(folder)
        if found is None:
            found = known[folder] = folder in folders or os.path.isfile(os.path.join(folder, "__init__.py"))
        return found

    tops: dict[str, tuple[str, tuple[str, ...]]] = {}

    def chain(folder: str) -> tuple[str, tuple[str, ...]]:
        """The folder that the packages of `folder` start in, and their names."""
        cached = tops.get(folder)
        if cached is None:
            if folder and folder not in (".", "/") and is_package(folder):
                parent, _, name = folder.rpartition("/")
                top, names = chain(parent)
                cached = (top, (*names, name))
            else:
                cached = (folder, ())
            tops[folder] = cached
        return cached

    # A folder without `__init__.py` that is linted by its own name is imported by it; what lies above it says nothing.
    base = os.path.commonpath([os.path.dirname(path) or "." for path in paths]) if paths and _alike(paths) else ""
    stops = {os.path.dirname(base), "", ".", "/", *(root.rstrip("/") for root in roots)}
    result = {}
    for path in paths:
        folder, _, file = path.rpartition("/")
        stem = file[: file.rfind(".")] if "." in file else file
        top, names = chain(folder)
        own = names if stem == "__init__" else (*names, stem)
        found = [".".join(own)] if own else []
        above = top
        prefix = own
        while above not in stops and not above.endswith("/src") and above.rpartition("/")[2].isidentifier():
            above, _, name = above.rpartition("/")
            prefix = (name, *prefix)
            found.append(".".join(prefix))
        result[path] = tuple(found)
    return result


def _alike(paths: Sequence[str]) -> bool:
    return len({path.startswith("/") for path in paths}) == 1
