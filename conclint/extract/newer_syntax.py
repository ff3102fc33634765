"""Reading syntax that is newer than the interpreter."""

from __future__ import annotations

import ast


def parse(text: str) -> ast.Module | None:
    """The tree of a module whose grammar this interpreter refuses, or None where LibCST refuses it too."""
    return None
