"""Code that provokes an error on purpose: a test's own subject, or an attempt that has its handler."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Block, Call, Expr, Seq
from conclint.program.model import Func, last_name

_RAISES = frozenset(("raises", "assertRaises", "assertRaisesRegex", "suppress"))
_EVERY = frozenset(("Exception", "BaseException"))


def is_expected(func: Func, block: int, errors: frozenset[str]) -> bool:
    """Whether one of these errors, raised in a block of `func`, is what the code around it waits for."""
    for number, found in func.block_path(block):
        if found.kind == "with" and isinstance(found.value, int):
            manager = func.ops[found.value]
            if isinstance(manager, Call) and last_name(manager.func) in _RAISES:
                return True
        if found.kind == "try" and any(_catches(other.value, errors) for other in _handlers(func, number)):
            return True
    return False


def _handlers(func: Func, number: int) -> Iterator[Block]:
    for other in func.body.blocks:
        if other.kind == "except" and other.partner == number:
            yield other


def _catches(types: Expr, errors: frozenset[str]) -> bool:
    if types is None:
        return True
    names = types.items if isinstance(types, Seq) else (types,)
    return any(isinstance(name, str) and last_name(name) in errors | _EVERY for name in names)
