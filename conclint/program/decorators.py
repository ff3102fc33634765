"""Whether calling a decorated function by its name runs its body on the spot.

A decorator of the program is judged by its body: one that hands the function to a thread, a pool or a queue does not
run it, whatever `functools.wraps` says. A decorator of a library is judged by the tables, and where they know nothing
by its name.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

from conclint.facts import Assign, Call, Decorator, Expr, Fn, Mix
from conclint.finding import Confidence
from conclint.program.guards import Condition, asks_for_loop, conditions
from conclint.program.model import Func, chains, last_name
from conclint.program.values import External, Function, Method

if TYPE_CHECKING:
    from conclint.program.program import Program

_ELSEWHERE = re.compile(
    r"thread|executor|async|background|task|remote|celery|\bjob|cron|schedul|dramatiq|spawn|defer|delayed|worker|queue"
    r"|submit|call_soon",
    re.IGNORECASE,
)
_TAKERS = re.compile(f"{_ELSEWHERE.pattern}|^(Process|Timer)$", re.IGNORECASE)
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
        if owner is None or (isinstance(decorator.func, str) and decorator.func in _PLAIN):
            continue
        if last_name(decorator.func) in ("setter", "getter", "deleter", "cached_property"):
            continue
        if program.contexts.declared(func) in ("thread", "process"):
            return None
        one = _through(program, decorator, owner)
        if one is None:
            return None
        sure = min(sure, one)
    return sure


def _through(program: Program, decorator: Decorator, owner: Func) -> Confidence | None:
    values = program.evaluator.of(decorator.func, owner, -1)
    if len(values) == 1 and isinstance(values[0], Function):
        return _own(values[0].func, decorator.called)
    for value in values:
        if isinstance(value, External | Method):
            row = program.knowledge.row(value.dotted)
            if row is not None and row.decorates:
                return None if row.decorates in ("offloads", "async", "remote") else Confidence.CERTAIN
    name = decorator.func if isinstance(decorator.func, str) else last_name(decorator.func)
    return Confidence.POSSIBLE if _ELSEWHERE.search(name) else Confidence.LIKELY


def _own(maker: Func, called: bool) -> Confidence | None:
    """A decorator of the program: does something in it call the function that it was given?"""
    module = maker.module
    inside = [one for one in module.functions if one.is_nested_in(maker)]
    names = {
        f"&{holder.index}:{param.name}"
        for holder in ([maker] if not called else [one for one in inside if one.owner is maker] or [maker])
        for param in holder.fact.params[:2]
    }
    calling = [one for one in inside if any(call.func in names for _, call in one.calls)]
    handed = [one for one in calling if _hands_on(inside, _references(one))]
    here = [one for one in calling if one not in handed and not one.is_async]
    if any(_calls_outright(one, names) for one in here if one.name != "<lambda>"):
        return Confidence.LIKELY if len(inside) > 2 else Confidence.CERTAIN
    if len(here) < len(calling) or any(one.name != "<lambda>" for one in here) or _hands_on(inside, names):
        return None
    if any(_chooses(one, names) for one in inside):
        return Confidence.POSSIBLE
    # It gives the function back as it is, or does with it what cannot be seen.
    return Confidence.LIKELY


def _calls_outright(func: Func, names: set[str]) -> bool:
    """Whether it calls one of these whatever an event loop has to do with it: without asking, or on either side."""
    sides: set[Condition] = set()
    for _, call in func.calls:
        if call.func in names:
            if not asks_for_loop(func, call.block):
                return True
            sides.update(conditions(func, call.block))
    return any(Condition(test, not truth) in sides for test, truth in sides)


def _chooses(func: Func, names: set[str]) -> bool:
    """Whether it picks what it calls while it runs: `run = func if wanted else other`."""
    return any(
        isinstance(op, Assign)
        and isinstance(op.value, Mix)
        and op.value.kind == "if"
        and not names.isdisjoint(chains(op.value))
        for op in func.ops
    )


def _references(func: Func) -> set[Expr]:
    """How a nested function is written where it is handed on."""
    if func.name == "<lambda>":
        return {Fn(func.index)}
    return {f"${func.name}", f"&{func.fact.owner}:{func.name}"}


def _hands_on(functions: list[Func], names: Collection[Expr]) -> bool:
    """Whether one of these is passed to something that by its name runs it somewhere else."""
    return any(
        _TAKERS.search(last_name(op.func))
        and any(_is_or_binds(value, names, one) for value in (*op.args, *(value for _, value in op.keywords)))
        for one in functions
        for _, op in one.calls
    )


def _is_or_binds(value: Expr, names: Collection[Expr], func: Func) -> bool:
    made = func.ops[value] if isinstance(value, int) else None
    if isinstance(made, Call) and last_name(made.func) == "partial" and made.args:
        return made.args[0] in names
    return value in names
