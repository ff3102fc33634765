"""Copies of packages to measure on, so that nothing beside them counts."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

_HEADER = re.compile(r"^([ \t]*)(?:async )?def .*:[ \t]*\n", re.MULTILINE)


def copy(paths: Sequence[Path], tree: Path) -> tuple[int, int]:
    """Copy the Python files of some folders, or single files, into a new folder `tree`; how many, and their lines."""
    shutil.rmtree(tree, ignore_errors=True)
    files = lines = 0
    for path in paths:
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            target = tree / path.name / (file.relative_to(path) if path.is_dir() else file.name)
            target.parent.mkdir(parents=True, exist_ok=True)
            data = file.read_bytes()
            target.write_bytes(data)
            files += 1
            lines += data.count(b"\n")
    return files, lines


def edited(text: str, number: int) -> str:
    """A module with one more statement, that tells `number`, in the middle one of its functions."""
    headers = list(_HEADER.finditer(text))
    if not headers:
        return f"{text}print({number})\n"
    header = headers[len(headers) // 2]
    return f"{text[: header.end()]}{header.group(1)}    print({number})\n{text[header.end() :]}"
