"""Whether a call stands where an argument of an offloading call is computed: it runs before that, on the loop."""

from __future__ import annotations

import ast

from conclint_runtime.guard.places import Place, Stack
from conclint_runtime.guard.source import calls_at, last_name

_OFFLOADING = frozenset(("to_thread", "run_in_executor", "run_sync", "sync_to_async", "submit"))


def is_offloaded_argument(stack: Stack, name: str) -> bool:
    """Whether the blocking call `name`, or one of those that led to it, stands so."""
    callees = (name.rpartition(".")[2], *(place.function for place in stack))
    return any(_is_argument(place, callee) for place, callee in zip(stack, callees, strict=False))


def _is_argument(place: Place, short: str) -> bool:
    for call, chain in calls_at(place.file, place.line):
        inside: ast.AST = call
        for outer in chain:
            if isinstance(outer, ast.stmt | ast.Lambda):
                break
            if isinstance(outer, ast.Call) and inside is not outer.func and last_name(outer.func) in _OFFLOADING:
                if last_name(call.func) == short:
                    return True
            inside = outer
    return False
