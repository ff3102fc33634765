"""Whether several tasks may be inside the same coroutine at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from conclint.facts import Call, Use
from conclint.program import guards
from conclint.program.model import Func, last_name

if TYPE_CHECKING:
    from conclint.program.program import Program

_DEPTH = 4
_MAINS = frozenset(("main", "_main", "amain", "_amain", "async_main", "main_async", "<module>"))


def may_overlap(program: Program, func: Func) -> bool:
    """Whether two runs of a coroutine may be under way at the same time, as far as its callers tell.

    It may where nobody in the program calls it (a handler, a public method), where it is started in a loop or in a
    `gather`, and where one of its callers may. It does not where all that is found is one task that runs it over and
    over.
    """
    return _may(program, func, _DEPTH, set())


def _may(program: Program, func: Func, depth: int, seen: set[Func]) -> bool:
    if func in seen or is_main(func):
        return False
    if depth == 0:
        return True
    seen.add(func)
    calls = list(_calls_of(program, func))
    return not calls or any(_overlapping(program, user, index, depth, seen) for user, index in calls)


def is_main(func: Func) -> bool:
    """Whether it is the program's one main coroutine, by its name, also as a method, or the module itself."""
    owner = func.owner
    return func.name in _MAINS and (owner is None or owner.name in ("<module>", "<class>"))


def _calls_of(program: Program, func: Func) -> Iterator[tuple[Func, int]]:
    for user, index, _ in program.contexts.calls_by_own_name(func):
        yield user, index


def _overlapping(program: Program, user: Func, index: int, depth: int, seen: set[Func]) -> bool:
    op = user.ops[index]
    assert isinstance(op, Call)
    if op.use == Use.AWAITED:
        return _may(program, user, depth - 1, seen)
    if user.loop_around(op.block) >= 0:
        return True
    taker = user.ops[user.consumers[index]] if index in user.consumers else None
    if isinstance(taker, Call) and last_name(taker.func) == "gather" and len(taker.args) > 1:
        return True
    if guards.fills_memo(user, op.block):
        return False
    return _may(program, user, depth - 1, seen)
