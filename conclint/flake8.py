"""conclint as a flake8 plugin: the findings of the whole program, shown for the file at hand.

flake8 asks file by file, in several processes. The first question in a process links the whole project around the file,
through the cache, so that the findings are those of the command; the others are answered from what is known.
"""

from __future__ import annotations

import ast
import functools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from conclint import __version__

if TYPE_CHECKING:
    from conclint.config import Settings
    from conclint.finding import Finding
    from conclint.run import Outcome


class Plugin:
    """The entry point of flake8 (`CON`).

    Parameters:
        tree: flake8 hands it to every plugin of this kind; the facts come from the text.
        filename: the file at hand, `-` or `stdin` for standard input.
        lines: its text, which may not be what lies on disk.
    """

    name: ClassVar[str] = "conclint"
    version: ClassVar[str] = __version__

    def __init__(self, tree: ast.AST, filename: str, lines: Sequence[str]) -> None:
        del tree
        self._filename = filename
        self._text = "".join(lines)

    def run(self) -> Iterator[tuple[int, int, str, type[Plugin]]]:
        """The findings of the file: row from 1, column in characters from 0, code and message."""
        path = os.path.relpath(self._filename) if self._filename not in ("-", "stdin") else "stdin"
        path = Path(path).as_posix()
        rows = self._text.splitlines()
        for finding in findings_of(path, self._text):
            span = finding.place.span
            line = rows[span.row - 1] if 0 < span.row <= len(rows) else ""
            column = len(line.encode("utf-8", "replace")[: span.column].decode("utf-8", "ignore"))
            yield (span.row, column, f"{finding.code} {finding.message}", type(self))


def findings_of(path: str, text: str) -> list[Finding]:
    """What the command shows for a file of the project around it, each member of a group at its own place.

    Raises:
        conclint.config.ConfigError: the project's configuration cannot be used.
        conclint.api.LintError: a rule or a file broke conclint.
    """
    content = _normal(text)
    if _on_disk(path) == content:
        return list(_project(os.getcwd(), path).get(path, ()))
    return [finding for finding in _lint(path, {path: text.encode()}) if finding.place.path == path]


def _normal(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _on_disk(path: str) -> str | None:
    from conclint.source import Source, read

    source = read(path)
    return _normal(source.text) if isinstance(source, Source) else None


_known: dict[str, dict[str, tuple[Finding, ...]]] = {}


def _project(folder: str, path: str) -> dict[str, tuple[Finding, ...]]:
    """The findings of the project by path; worked out once in a process, and again for a file that is new."""
    known = _known.get(folder)
    if known is None or path not in known:
        found: dict[str, list[Finding]] = {}
        for finding in _lint(path, {}):
            found.setdefault(finding.place.path, []).append(finding)
        known = _known.setdefault(folder, {})
        known.update({name: tuple(findings) for name, findings in found.items()})
        known.setdefault(path, ())
    return known


@functools.cache
def _settings(folder: str) -> Settings:
    from conclint import config
    from conclint.config import Options

    return config.load([folder], Options(all_places=True))


def _lint(path: str, overlay: dict[str, bytes]) -> tuple[Finding, ...]:
    from conclint.discovery import discover, state

    settings = _settings(os.getcwd())
    found = discover(["."], settings)
    files = list(found.files)
    if all(file.path != path for file in files):
        files.append(state(path))
    if overlay or settings.cache_dir is None:
        return _run(settings, [file.path for file in files], found.partial, overlay).findings
    from conclint.memo import Memo

    memo = Memo(settings, files, found.partial)
    known = memo.load()
    if known is None:
        known = _run(settings, [file.path for file in files], found.partial, overlay)
        memo.save(known)
    return known.findings


def _run(settings: Settings, files: list[str], partial: bool, overlay: dict[str, bytes]) -> Outcome:
    from conclint import catalogue, run
    from conclint.api import LintError
    from conclint.engine import analyse

    outcome = run.lint(files, settings, catalogue.load(), analyse, overlay=overlay, partial=partial)
    if outcome.failures:
        raise LintError(list(outcome.findings), outcome.failures)
    return outcome
