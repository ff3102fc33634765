"""What an editor waits for: the findings of one file of a project whose facts are known."""

from __future__ import annotations

import ast
import os
import statistics
import time
from pathlib import Path

from bench.trees import copy, edited
from conclint import run
from conclint.catalogue import load as load_rules
from conclint.config import Options, load
from conclint.discovery import discover
from conclint.engine import analyse
from conclint.flake8 import Plugin

_LINES = 1000


def show(path: Path, folder: Path, rounds: int) -> None:
    """Print how long the plugin takes for the file that is nearest to 1000 lines.

    Parameters:
        path: the project; it is copied.
        folder: the scratch folder.
        rounds: how often each is measured.
    """
    tree = folder / "editor"
    files, lines = copy([path], tree)
    os.chdir(tree)
    settings = load(["."], Options())
    paths = [found.path for found in discover(["."], settings).files]
    run.lint(paths, settings, load_rules(), analyse)
    name = min(paths, key=lambda each: abs(Path(each).read_bytes().count(b"\n") - _LINES))
    text = Path(name).read_text(encoding="utf-8")
    print(f"{path.name}: {files} files, {lines} lines; the plugin on {name}, {text.count(chr(10))} lines")
    first = _seconds(name, text)
    print(f"first file of a process  {first * 1000:8.0f} ms")
    print(f"the same file again      {statistics.median(_seconds(name, text) for _ in range(rounds)) * 1000:8.0f} ms")
    comments = [_seconds(name, f"{text}# {number}\n") for number in range(rounds)]
    print(f"a comment, not saved     {statistics.median(comments) * 1000:8.0f} ms")
    statements = [_seconds(name, edited(text, number)) for number in range(rounds)]
    print(f"a statement, not saved   {statistics.median(statements) * 1000:8.0f} ms")


def _seconds(name: str, text: str) -> float:
    tree = ast.parse(text)
    begin = time.perf_counter()
    list(Plugin(tree, name, text.splitlines(keepends=True)).run())
    return time.perf_counter() - begin
