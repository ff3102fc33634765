"""The kinds of `ast` node that an older Python lacks, for trees that are read through LibCST."""

from __future__ import annotations

import ast
from typing import ClassVar


class _TryStar(ast.stmt):
    """`try` with `except*` (Python 3.11)."""

    _fields: ClassVar[tuple[str, ...]] = ("body", "handlers", "orelse", "finalbody")


class _TypeAlias(ast.stmt):
    """`type X = …` (Python 3.12)."""

    _fields: ClassVar[tuple[str, ...]] = ("name", "value")


TryStar: type[ast.stmt] = getattr(ast, "TryStar", _TryStar)
TypeAlias: type[ast.stmt] = getattr(ast, "TypeAlias", _TypeAlias)
