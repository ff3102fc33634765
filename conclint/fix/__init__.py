"""Turning the fixes that findings describe into new source.

The contract:

- Nothing here decides *whether* something is wrong. A finding's fix is a description (`conclint.finding`), and this
  package is the one place that knows how source is written.
- Outside of an edit every byte stays: encoding, byte order mark, newlines, tabs, form feeds, the missing last newline.
  LibCST's tree says what stands where; what comes out are splices of the old text, so nothing else can move.
- Inside of an edit comments stay, or the fix is not made.
- A fix is made whole or not at all. What cannot be made is left with a reason, a value and never an exception.
- `mend` believes no fix: the result must read as the file did, without the finding and without a new one.
- `write` replaces a file at once, and only if it still is what was read.

The names below are loaded when they are first used: whoever only lints does not pay for LibCST.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conclint.fix.applied import Applied, Left, TextEdit, apply, text_edits
    from conclint.fix.diff import unified_diff
    from conclint.fix.rounds import ROUNDS, Mended, Relint, mend
    from conclint.fix.writing import WriteError, write

__all__ = [
    "ROUNDS",
    "Applied",
    "Left",
    "Mended",
    "Relint",
    "TextEdit",
    "WriteError",
    "apply",
    "mend",
    "text_edits",
    "unified_diff",
    "write",
]

_HOMES = {
    "Applied": "applied",
    "Left": "applied",
    "Mended": "rounds",
    "ROUNDS": "rounds",
    "Relint": "rounds",
    "TextEdit": "applied",
    "WriteError": "writing",
    "apply": "applied",
    "mend": "rounds",
    "text_edits": "applied",
    "unified_diff": "diff",
    "write": "writing",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
