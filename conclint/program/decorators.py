"""Whether calling a decorated function by its name runs its body on the spot.

A decorator of the program is judged by its body: one that hands the function to a thread, a pool or a queue does not
run it, whatever `functools.wraps` says. A decorator of a library is judged by the tables, and where they know nothing
by its name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conclint.facts import Call, Decorator, Fn
from conclint.finding import Confidence
from conclint.program.model import Func
from conclint.program.values import External, Function, Method

if TYPE_CHECKING:
    from conclint.program.program import Program

_ELSEWHERE = re.compile(
    r"thread|executor|async|background|task|remote|celery|\bjob|cron|schedul|dramatiq|spawn|defer|delayed|worker|queue"
    r"|submit|call_soon",
    re.IGNORECASE,
)
_PLAIN = frozenset(
    (
        "builtins.property",
        "builtins.classmethod",
        "builtins.staticmethod",
        "functools.wraps",
        "abc.abstractmethod",
        "typing.override",
        "typing_extensions.override",
        "contextlib.contextmanager",
    )
)


def runs_inline(program: Program, func: Func) -> Confidence | None:
    """How sure it is that a call of the function's name runs its body there; None where it is known not to."""
    sure = Confidence.CERTAIN
    owner = func.owner
    for decorator in func.fact.decorators:
        if owner is None or not isinstance(decorator.func, str) or decorator.func in _PLAIN:
            continue
        if decorator.func.rpartition(".")[2] in ("setter", "getter", "deleter", "cached_property"):
            continue
        if program.contexts.declared(func) in ("thread", "process"):
            return None
        one = _through(program, decorator, owner)
        if one is None:
            return None
        sure = min(sure, one)
    return sure


def _through(program: Program, decorator: Decorator, owner: Func) -> Confidence | None:
    assert isinstance(decorator.func, str)
    values = program.evaluator.chain(decorator.func, owner, -1)
    if len(values) == 1 and isinstance(values[0], Function):
        return _own(values[0].func, decorator.called)
    for value in values:
        if isinstance(value, External | Method):
            row = program.knowledge.row(value.dotted)
            if row is not None and row.decorates:
                return None if row.decorates in ("offloads", "async", "remote") else Confidence.CERTAIN
    return Confidence.POSSIBLE if _ELSEWHERE.search(decorator.func) else Confidence.LIKELY


def _own(maker: Func, called: bool) -> Confidence | None:
    """A decorator of the program: does something in it call the function that it was given?"""
    module = maker.module
    inside = [one for one in module.functions if _within(one, maker)]
    names = {
        f"&{holder.index}:{param.name}"
        for holder in ([maker] if not called else [one for one in inside if one.owner is maker] or [maker])
        for param in holder.fact.params[:2]
    }
    called_in = [one for one in inside for _, call in one.calls if isinstance(call.func, str) and call.func in names]
    if any(not one.is_async and one.name != "<lambda>" for one in called_in):
        return Confidence.LIKELY if len(inside) > 2 else Confidence.CERTAIN
    lambdas = {one.index for one in called_in if one.name == "<lambda>"}
    if any(one.is_async for one in called_in) or _hands_on(inside, names, lambdas):
        return None
    # It gives the function back as it is, or does with it what cannot be seen.
    return Confidence.LIKELY


def _within(func: Func, maker: Func) -> bool:
    around = func.owner
    while around is not None:
        if around is maker:
            return True
        around = around.owner
    return False


def _hands_on(functions: list[Func], names: set[str], lambdas: set[int]) -> bool:
    """Whether the function, or a lambda that calls it, is passed to what by its name runs it somewhere else."""
    return any(
        isinstance(op, Call)
        and any(argument in names or (isinstance(argument, Fn) and argument.index in lambdas) for argument in op.args)
        and isinstance(op.func, str)
        and _ELSEWHERE.search(op.func.rpartition(".")[2])
        for one in functions
        for op in one.ops
    )
