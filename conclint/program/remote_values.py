"""What Ray makes of functions and classes: remote functions, handles, references, and the calls that give them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from conclint.facts import Call
from conclint.program.model import ClassNode, Func
from conclint.program.values import ClassValue, External, Function, Instance, Remote, Site, Value, Values

if TYPE_CHECKING:
    from conclint.program.evaluate import Evaluator


def remote_attribute(evaluator: Evaluator, value: Remote, name: str) -> Values:
    """The candidates for an attribute of a Ray object."""
    if value.kind == "handle":
        assert isinstance(value.target, ClassNode)
        for base in evaluator.mro(value.target):
            if isinstance(base, ClassNode) and name in base.methods:
                return (Remote(base.methods[name], "method", value.target),)
        return ()
    if value.kind in ("function", "class", "method"):
        if name == "remote":
            return (Remote(value.target, "call", value.receiver),)
        if name == "options":
            return (Remote(value.target, "options", value.receiver),)
        if isinstance(value.target, ClassNode):
            # What the class defines is read as plain functions: `A.m()` runs here, `A.m.remote` does not exist.
            return evaluator.class_attribute(value.target, name)
    return ()


def remote_call(callee: Remote, site: Site, op: Call | None) -> Values:
    """What calling a Ray object gives."""
    target = callee.target
    if callee.kind == "options":
        if op is None or any(word in ("", "num_returns") for word, _ in op.keywords):
            return ()
        if isinstance(target, ClassNode):
            return (Remote(target, "class"),)
        return (Remote(target, "function" if callee.receiver is None else "method", callee.receiver),)
    if callee.kind != "call":
        return ()
    if isinstance(target, ClassNode):
        return (Remote(target, "handle"),)
    if any(word == "num_returns" for decorator in target.fact.decorators for word, _ in decorator.keywords):
        return ()
    kind = "ray.ObjectRefGenerator" if target.fact.is_generator else "ray.ObjectRef"
    return (Instance(kind, site, (Function(target),)),)


def _ray_remote(evaluator: Evaluator, func: Func, index: int, op: Call) -> Values:
    found: list[Value] = []
    for argument in op.args[:1]:
        for value in evaluator.of(argument, func, index):
            if isinstance(value, Function):
                found.append(Remote(value.func, "function"))
            elif isinstance(value, ClassValue):
                found.append(Remote(value.cls, "class"))
    if not op.args and op.keywords:
        # `ray.remote(num_cpus=1)` is a decorator that is called later.
        return (External("ray.remote"),)
    return tuple(found)


def _ray_get(evaluator: Evaluator, func: Func, index: int, op: Call) -> Values:
    """The value of a reference, or the list of the values of a list of references; always a copy."""
    found: list[Value] = []
    for argument in op.args[:1]:
        for value in evaluator.of(argument, func, index):
            if isinstance(value, Instance) and value.type == "list" and value.of:
                inner = [copy for one in value.of for copy in _fetched(evaluator, one)]
                found.append(Instance("list", (func, index), tuple(dict.fromkeys(inner))))
            else:
                found.extend(_fetched(evaluator, value))
    return tuple(dict.fromkeys(found))


def _fetched(evaluator: Evaluator, value: Value) -> Values:
    if not isinstance(value, Instance) or value.type != "ray.ObjectRef":
        return ()
    return tuple(
        Instance(one.type, one.site, one.of) if isinstance(one, Instance) else one for one in evaluator.awaited(value)
    )


REMOTE_CALLS: Mapping[str, Callable[[Evaluator, Func, int, Call], Values]] = {
    "ray.remote": _ray_remote,
    "ray.get": _ray_get,
}
