"""Code that asks, by way of other functions or values, whether a loop is running before it starts one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conclint.facts import Call, Expr
from conclint.program.guards import conditions
from conclint.program.model import Func, chains, last_name, operands
from conclint.program.program import Program

_ASKING = frozenset(("get_running_loop", "_get_running_loop", "get_event_loop", "current_task", "is_running"))
_NAMED = re.compile(r"running_loop|event_loop|is_running|loop_running|in_async|async_context|current_task")
# Tests are told apart by what they read; real code needs two steps to get from one to the question.
_DEPTH = 3


def asked(program: Program, func: Func, block: int) -> bool:
    """Whether a test around a block depends on whether a loop is running."""
    return any(_depends(program, func, condition.test, _DEPTH) for condition in conditions(func, block))


def _depends(program: Program, func: Func, test: Expr, depth: int) -> bool:
    if not depth:
        return False
    for number in _results(func, test):
        made = func.ops[number]
        if isinstance(made, Call):
            if _NAMED.search(last_name(made.func)):
                return True
            if any(target.func.fact.names & _ASKING for target in program.calls.targets(func, number)):
                return True
        around = conditions(func, getattr(made, "block", 0))
        if any(_depends(program, func, condition.test, depth - 1) for condition in around):
            return True
    return False


def _results(func: Func, test: Expr) -> Iterator[int]:
    """The operations whose results a test reads, directly or from locals."""
    yield from operands(test)
    for chain in chains(test):
        for _, assignment in func.assignments.get(chain[1:].partition(".")[0], ()) if chain[0] == "$" else ():
            yield from operands(assignment.value)
