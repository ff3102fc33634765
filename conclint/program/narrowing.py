"""What an `isinstance` that has come out true says of a name."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Call, Expr, Test
from conclint.program.guards import conditions
from conclint.program.model import Func


def type_tested(func: Func, root: str, at: int) -> tuple[Expr, int] | None:
    """The type that an `isinstance` has found a local to be of, with the number of that call, nearest first.

    Parameters:
        root: the local, as `$name`.
        at: the operation where the local is read.
    """
    for condition in conditions(func, func.ops[at].block):
        for index in _true_in(condition.test, condition.truth):
            test = func.ops[index]
            if isinstance(test, Call) and test.func == "builtins.isinstance" and test.args[:1] == (root,):
                rebound = any(index < number < at for number, _ in func.assignments.get(root[1:], ()))
                if len(test.args) == 2 and not rebound:
                    return test.args[1], index
    return None


def _true_in(test: Expr, truth: bool) -> Iterator[int]:
    """The operations that gave true, where a test came out as `truth`."""
    if isinstance(test, int):
        if truth:
            yield test
    elif isinstance(test, Test):
        if test.op == "not":
            yield from _true_in(test.items[0], not truth)
        elif test.op in ("and", "or") and (test.op == "and") is truth:
            for item in test.items:
                yield from _true_in(item, truth)
