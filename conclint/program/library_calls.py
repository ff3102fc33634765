"""What calls of the library give that the tables cannot say: `partial`, `super`, `getattr`, `cast`, `type`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from conclint.facts import Call, Const, Mix
from conclint.program.containers import CONTAINER_CALLS
from conclint.program.model import Func, argument_of
from conclint.program.remote_values import REMOTE_CALLS
from conclint.program.values import ClassValue, External, Instance, Partial, Super, Value, Values

if TYPE_CHECKING:
    from conclint.program.evaluate import Evaluator


def _partial(evaluator: Evaluator, func: Func, index: int, op: Call) -> Values:
    if not op.args:
        return ()
    return tuple(Partial(target, len(op.args) - 1, (func, index)) for target in evaluator.of(op.args[0], func, index))


def _super(evaluator: Evaluator, func: Func, index: int, op: Call) -> Values:
    inner: Func | None = func
    while inner is not None and not inner.is_method:
        inner = inner.owner
    if inner is None or inner.cls is None:
        return ()
    receiver: Value = ClassValue(inner.cls) if inner.is_classmethod else Instance(inner.cls, is_self=True)
    return (Super(inner.cls, receiver),)


def _getattr(evaluator: Evaluator, func: Func, index: int, op: Call) -> Values:
    if len(op.args) >= 2 and isinstance(op.args[1], Const) and isinstance(op.args[1].value, str):
        return evaluator.attributes(evaluator.of(op.args[0], func, index), op.args[1].value)
    return ()


def _type(evaluator: Evaluator, func: Func, index: int, op: Call) -> Values:
    """`type(x)`: the class of an instance."""
    if len(op.args) != 1:
        return ()
    found: list[Value] = [
        External(value.type) if isinstance(value.type, str) else ClassValue(value.type)
        for value in evaluator.of(op.args[0], func, index)
        if isinstance(value, Instance)
    ]
    return tuple(dict.fromkeys(found))


def _bound_of_type_variable(evaluator: Evaluator, func: Func, index: int, op: Call) -> Values:
    return evaluator.of(argument_of(op, "bound"), func, index)


def _new_type(evaluator: Evaluator, func: Func, index: int, op: Call) -> Values:
    return evaluator.of(argument_of(op, "1:tp"), func, index)


def _entered(evaluator: Evaluator, func: Func, index: int, op: Call) -> Values:
    """`stack.enter_context(manager)`: what `with manager` would bind."""
    return evaluator.of(Mix("enter", (argument_of(op, "0:cm"),)), func, index)


def _entered_async(evaluator: Evaluator, func: Func, index: int, op: Call) -> Values:
    found = evaluator.of(Mix("aenter", (argument_of(op, "0:cm"),)), func, index)
    return (Instance("asyncio.Future", (func, index), found),)


def _cast(evaluator: Evaluator, func: Func, index: int, op: Call) -> Values:
    return evaluator.annotated(op.args[0], func) if len(op.args) == 2 else ()


def _same_object(evaluator: Evaluator, func: Func, index: int, op: Call) -> Values:
    return evaluator.of(op.args[0], func, index) if op.args else ()


LIBRARY_CALLS: Mapping[str, Callable[[Evaluator, Func, int, Call], Values]] = {
    **CONTAINER_CALLS,
    **REMOTE_CALLS,
    "functools.partial": _partial,
    "functools.partialmethod": _partial,
    "builtins.super": _super,
    "builtins.getattr": _getattr,
    "typing.cast": _cast,
    "builtins.type": _type,
    "builtins.staticmethod": _same_object,
    "typing.TypeVar": _bound_of_type_variable,
    "typing_extensions.TypeVar": _bound_of_type_variable,
    "typing.NewType": _new_type,
    "copy.copy": _same_object,
    "contextlib.ExitStack.enter_context": _entered,
    "contextlib.AsyncExitStack.enter_context": _entered,
    "contextlib.AsyncExitStack.enter_async_context": _entered_async,
    "contextlib.closing": _same_object,
}
