"""What a frame is calling just now, where the callee is C and has no frame of its own.

The instruction's position gives the expression (from Python 3.11; before that all of the line are candidates), and
the names
in it are looked up in the frame, without running any code of the program's.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import sys
from collections.abc import Iterator
from types import FrameType

from conclint_runtime.guard.places import line_of
from conclint_runtime.guard.source import calls_at, nodes_at

_MISSING = object()
_Span = tuple["int | None", "int | None", "int | None", "int | None"]


def callees(frame: FrameType) -> tuple[str, ...]:
    """The dotted names of what the frame may be calling now, most often one; `Type.__enter__` where it enters a
    block."""
    found: list[str] = []
    for expression, enters in _expressions(frame):
        name = _named(expression, frame, enters)
        if name and name not in found:
            found.append(name)
    return tuple(found)


def _expressions(frame: FrameType) -> Iterator[tuple[ast.expr, bool]]:
    """The expressions of the callee, or of the manager that is entered, at the frame's instruction."""
    file, line = frame.f_code.co_filename, line_of(frame)
    exact = _position(frame)
    for call, _ in calls_at(file, line):
        if exact is None or _span(call) == exact:
            yield call.func, False
    for chain in nodes_at(file, line):
        node = chain[0]
        if isinstance(node, ast.With):
            for item in node.items:
                # Python 3.11 gives the whole statement for the position of what enters it.
                if exact is None or exact in (_span(item.context_expr), _span(node)):
                    yield item.context_expr, True


def _span(node: ast.expr | ast.stmt) -> _Span:
    return (node.lineno, node.end_lineno, node.col_offset, node.end_col_offset)


def _position(frame: FrameType) -> _Span | None:
    if sys.version_info < (3, 11):
        return None
    index = frame.f_lasti // 2
    return next(itertools.islice(frame.f_code.co_positions(), index, None), None) if index >= 0 else None


def _named(expression: ast.expr, frame: FrameType, enters: bool) -> str:
    if enters:
        value = _value(expression, frame)
        return "" if value is _MISSING else f"{_type_name(value)}.__enter__"
    if isinstance(expression, ast.Attribute):
        owner = _value(expression.value, frame)
        if owner is _MISSING:
            return ""
        if inspect.ismodule(owner):
            return f"{owner.__name__}.{expression.attr}"
        kind = f"{owner.__module__}.{owner.__qualname__}" if isinstance(owner, type) else _type_name(owner)
        return f"{kind}.{expression.attr}"
    value = _value(expression, frame)
    if value is _MISSING:
        return ""
    module: object = getattr(value, "__module__", None)
    name: object = getattr(value, "__qualname__", None)
    return f"{module}.{name}" if isinstance(module, str) and isinstance(name, str) else ""


def _type_name(value: object) -> str:
    # What a guard has put in the place of the library's own stands for that.
    kind = next(each for each in type(value).__mro__ if not each.__module__.startswith("conclint_runtime.guard"))
    if kind is object and type(value) is not object:
        return f"threading.{'RLock' if 'RLock' in type(value).__name__ else 'Lock'}"
    return f"{kind.__module__}.{kind.__qualname__}"


def _value(expression: ast.expr, frame: FrameType) -> object:
    """The value of a name or a chain of attributes, as far as it can be had without running code."""
    if isinstance(expression, ast.Name):
        for names in (frame.f_locals, frame.f_globals, frame.f_builtins):
            if expression.id in names:
                found: object = names[expression.id]
                return found
        return _MISSING
    if isinstance(expression, ast.Attribute):
        owner = _value(expression.value, frame)
        if owner is _MISSING:
            return _MISSING
        found = inspect.getattr_static(owner, expression.attr, _MISSING)
        return _MISSING if isinstance(found, property) else found
    return _MISSING
