"""What a fix changes, as a patch."""

from __future__ import annotations

import difflib
import re

from conclint import source


def unified_diff(path: str, old: bytes, new: bytes) -> str:
    """The patch from `old` to `new`, as `patch` and `git apply` read it; "" where nothing changes.

    Lines end at line feeds alone, as those tools count: a carriage return before one is part of the line.
    """
    before, after = _lines(path, old), _lines(path, new)
    lines = difflib.unified_diff(before, after, f"a/{path}", f"b/{path}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(path: str, data: bytes) -> list[str]:
    read = source.decode(path, data)
    text = data.decode("latin-1") if isinstance(read, source.Unreadable) else ("\ufeff" if read.bom else "") + read.text
    return re.findall(r"[^\n]*\n|[^\n]+", text)
