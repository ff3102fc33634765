"""What evaluation does with candidates: leave out those that say nothing, and give up where there are too many."""

from __future__ import annotations

from collections.abc import Sequence

from conclint.program.model import Func
from conclint.program.values import Constant, Instance, Value, Values

_CANDIDATES = 6
"""More candidates than this are not knowledge."""


def few(values: Values) -> Values:
    """The candidates, unless they are too many."""
    return values if len(values) <= _CANDIDATES else ()


def unique(found: Sequence[Value]) -> Values:
    """Each candidate once, in order."""
    return tuple(found) if len(found) < 2 else tuple(dict.fromkeys(found))


def is_false(value: Value) -> bool:
    """Whether a candidate is None or False, which mostly stand for a value that is not there yet."""
    return isinstance(value, Constant) and (value.value is None or value.value is False)


def is_empty(value: Value) -> bool:
    """Whether a candidate is a container of which nothing is known but its kind."""
    return isinstance(value, Instance) and value.type in ("list", "tuple", "set", "dict") and not value.of


def is_manager(func: Func) -> bool:
    """Whether a generator is made a context manager by its decorator."""
    return any(name.rpartition(".")[2] in ("contextmanager", "asynccontextmanager") for name in func.decorator_names)
