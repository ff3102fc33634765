"""What goes into containers and comes out of them again: `values()`, `enumerate`, `zip`, `list`, `next`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from conclint.facts import Call
from conclint.program.model import Func
from conclint.program.values import Constant, Instance, Site, Value, Values

if TYPE_CHECKING:
    from conclint.program.evaluate import Evaluator

_TAKING = {
    "dict": frozenset(("get", "pop", "setdefault")),
    "list": frozenset(("pop", "popleft")),
    "set": frozenset(("pop",)),
}
_VIEWS = {
    "dict": frozenset(("values", "items", "copy")),
    "list": frozenset(("copy",)),
    "set": frozenset(("copy", "union", "difference", "intersection")),
}
# A place that nothing is known of, in a tuple whose other places are known.
_UNKNOWN = Constant(None)


def method_of(kind: str, name: str) -> bool:
    """Whether a method of a kind of container gives what is in it."""
    return name in _TAKING.get(kind, ()) or name in _VIEWS.get(kind, ())


def items_of(container: Instance, method: str, site: Site) -> Values:
    """What such a method gives."""
    kind = container.type
    if not isinstance(kind, str) or not container.of:
        return ()
    if method in _TAKING.get(kind, ()):
        return container.of
    if method == "items":
        return (Instance("iterable", site, tuple(Instance("tuple", None, (_UNKNOWN, one)) for one in container.of)),)
    if method in _VIEWS.get(kind, ()):
        return (Instance("iterable" if method == "values" else kind, site, container.of),)
    return ()


def _elements(evaluator: Evaluator, func: Func, index: int, op: Call, position: int = 0) -> Values:
    found = [
        element
        for argument in op.args[position : position + 1]
        for value in evaluator.of(argument, func, index)
        for element in evaluator.elements(value)
    ]
    return tuple(dict.fromkeys(found))


def _copied(evaluator: Evaluator, func: Func, index: int, op: Call) -> Values:
    return (Instance("list", (func, index), _elements(evaluator, func, index, op)),)


def _numbered(evaluator: Evaluator, func: Func, index: int, op: Call) -> Values:
    pairs = tuple(Instance("tuple", None, (_UNKNOWN, one)) for one in _elements(evaluator, func, index, op))
    return (Instance("iterable", (func, index), pairs),)


def _zipped(evaluator: Evaluator, func: Func, index: int, op: Call) -> Values:
    places: list[Value] = []
    for position in range(len(op.args)):
        found = _elements(evaluator, func, index, op, position)
        places.append(found[0] if len(found) == 1 else _UNKNOWN)
    return (Instance("iterable", (func, index), (Instance("tuple", None, tuple(places)),)),)


CONTAINER_CALLS: Mapping[str, Callable[[Evaluator, Func, int, Call], Values]] = {
    "builtins.list": _copied,
    "builtins.tuple": _copied,
    "builtins.sorted": _copied,
    "builtins.set": _copied,
    "builtins.frozenset": _copied,
    "builtins.reversed": _copied,
    "builtins.iter": _copied,
    "builtins.next": _elements,
    "builtins.enumerate": _numbered,
    "builtins.zip": _zipped,
}
